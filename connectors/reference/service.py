"""The whole connector put together: one leader works, every instance takes webhooks.

The leader holds an advisory lock of the database. Its loops are started together and, when
one of them fails or the lock is lost, stopped together and started again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import LiteralString

import httpx
import psycopg
from psycopg_pool import PoolTimeout

from .approvals import Approvals
from .audit import Audit, say
from .bank import Bank
from .bank_lines import BankLines
from .books import Books
from .charges import Charges
from .deliveries import Deliveries
from .errors import ConnectorError
from .flow import Action, Flow, Prepared
from .gateway import Gateway
from .gateway_lines import GatewayLines
from .inbox import Inbox
from .inventory import Inventory
from .ledger import Ledger
from .minfraud import Minfraud
from .notices import Notices
from .odoo import Odoo
from .orders import Orders
from .pos import Pos
from .queue import Queue, backoff_seconds
from .reconcile import Reconciler
from .returns import Returns
from .screening import Screening
from .sendgrid import SendGrid
from .settings import Settings
from .shopify import Shopify
from .square import Square
from .statements import Statements
from .store import Connection, Store
from .transfers import Transfers

__all__ = ["SCHEDULES", "Service"]

LEADER_LOCK = 724002
# What may be kicked in any world, also where nothing is there to do.
SCHEDULES = frozenset(
    {"orders", "subscriptions", "stock", "deliveries", "bank", "payouts", "payments", "pos"}
)


class Service:
    """Everything, by name."""

    def __init__(
        self,
        settings: Settings,
        channel: httpx.AsyncBaseTransport | None = None,
        books: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``channel`` and ``books`` replace the ways to Shopify and Odoo (tests)."""
        self.settings = settings
        self.ready = False
        self.store = Store(settings.database_url)
        self.audit = Audit(self.store)
        self.queue = Queue(self.store, self.audit, settings.attempts, settings.concurrency)
        self.shopify = Shopify(settings, channel)
        self.odoo = Odoo(settings, books)
        self.inbox = Inbox(self.store, self.queue, self.audit)
        self.reconciler = Reconciler(
            self.store, self.audit, self.queue, self.shopify, settings.public_url
        )
        memory = self.books = Books(self.store, self.odoo)
        ledger = Ledger(self.store)
        self.screening = screening_of(self)
        self.orders = Orders(
            self.store, self.audit, self.shopify, self.odoo, memory, ledger, self.screening
        )
        self.inventory = Inventory(
            self.store,
            self.audit,
            self.queue,
            self.shopify,
            self.odoo,
            self.reconciler,
            settings.places,
        )
        self.schedules: dict[str, tuple[Action, float]] = {}
        self.figures: list[LiteralString] = []
        if settings.shopify_url:
            self.queue.handlers["orders"] = self.orders.bring_up_to_date
            self.schedules |= {
                "orders": (self.reconciler.find_orders, settings.orders_seconds),
                "subscriptions": (
                    self.reconciler.check_subscriptions,
                    settings.subscriptions_seconds,
                ),
                "stock": (self.inventory.compare_all, settings.stock_audit_seconds),
            }
        self.approvals: Approvals | None = None
        self.flows: list[Flow] = flows_of(self)
        for flow in self.flows:
            self.queue.handlers.update(flow.handlers)
            self.schedules.update(flow.schedules)

    async def run(self) -> None:
        """Work until cancelled."""
        tables = [flow.tables for flow in self.flows]
        tables += [self.screening.tables] if self.screening else []
        await self._patiently(lambda: self.store.open(*tables))
        await self._patiently(self.queue.open)
        try:
            while True:
                try:
                    await self._lead()
                except (psycopg.Error, PoolTimeout, ExceptionGroup) as error:
                    say("loops stopped", reason=repr(error)[:300])
                await asyncio.sleep(0.5)
        finally:
            for flow in self.flows:
                await flow.close()
            if self.screening:
                await self.screening.close()
            await self.shopify.close()
            await self.odoo.close()
            await self.queue.close()
            await self.store.close()

    async def _lead(self) -> None:
        """Become the leader and run the loops until one of them or the lock is lost."""
        async with await psycopg.AsyncConnection.connect(
            self.settings.database_url, autocommit=True, connect_timeout=5
        ) as connection:
            await connection.execute("select pg_advisory_lock(%s)", [LEADER_LOCK])
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hold(connection))
                group.create_task(self.queue.run())
                group.create_task(self._every(0.5, self.queue.sweep, "sweep"))
                group.create_task(self._welcome())
                for flow in self.flows:
                    if isinstance(flow, Prepared):
                        await self._patiently(flow.prepare)
                if self.settings.shopify_url:
                    await self._patiently(self.inventory.compare_all)
                    await self._patiently(self.reconciler.check_subscriptions)
                    group.create_task(self.inventory.run())
                    group.create_task(
                        self._every(self.settings.stock_poll_seconds, self.inventory.poll, "poll")
                    )
                self.ready = True
                for name, (action, seconds) in self.schedules.items():
                    if not seconds:
                        continue  # only when it is kicked
                    group.create_task(self._every(seconds, action, name))

    async def _welcome(self) -> None:
        """When Odoo answers again, let what waits for it go on at once."""
        while True:
            await self.odoo.returned.wait()
            self.odoo.returned.clear()
            await self.queue.hurry("Odoo")

    async def _hold(self, connection: psycopg.AsyncConnection[object]) -> None:
        """Raise as soon as the connection that holds the lock is gone."""
        while True:
            await connection.execute("select 1")
            await asyncio.sleep(0.5)

    async def _every(
        self, seconds: float, action: Callable[[], Awaitable[object]], name: str
    ) -> None:
        """Do something again and again; a failure of the other side is said and outlived."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            begin = loop.time()
            pause = seconds
            try:
                await action()
                failures = 0
            except ConnectorError as error:
                if not failures:
                    say("schedule failed", name=name, reason=str(error))
                pause = max(seconds, backoff_seconds(failures, 0.5, 10.0))
                failures += 1
            spent = loop.time() - begin
            await asyncio.sleep(max(pause, 4 * spent if name == "poll" else 0))

    async def _patiently(self, action: Callable[[], Awaitable[object]]) -> None:
        """Do something that must work before we go on, as long as it takes."""
        failures = 0
        while True:
            try:
                await action()
            except (ConnectorError, psycopg.OperationalError, PoolTimeout) as error:
                say("start waits", reason=f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(backoff_seconds(failures, 0.4, 5.0))
                failures += 1
            else:
                return

    async def kick(self, name: str) -> None:
        """Run one schedule now, or all of them (``reconcile``)."""
        for known, (action, _) in self.schedules.items():
            if name in (known, "reconcile"):
                await action()


def screening_of(service: Service) -> Screening | None:
    """Return what asks fraud screening about orders, where there is one."""
    settings = service.settings
    if not settings.fraud or not settings.shopify_url:
        return None
    minfraud, patience = Minfraud(settings), settings.screening_patience_seconds
    return Screening(service.store, service.audit, service.shopify, minfraud, patience)


def flows_of(service: Service) -> list[Flow]:
    """Return the flows whose other side is configured, besides orders and stock."""
    flows: list[Flow] = [*money_flows(service)]
    if service.settings.shopify_url:
        flows.append(returns_of(service))
    settings, orders = service.settings, service.orders
    if settings.shopify_url or settings.carrier:
        deliveries = Deliveries(
            settings,
            service.store,
            service.audit,
            service.queue,
            service.shopify,
            service.odoo,
            orders.books,
            orders.shop,
        )
        flows.append(deliveries)
        if settings.email and deliveries.fulfilment:
            parts = (service.store, service.audit, service.queue)
            notices = Notices(*parts, service.shopify, SendGrid(settings))
            deliveries.fulfilment.followers.append(notices.want)
            flows.append(notices)
    if settings.pos:
        parts = (service.store, service.audit, service.queue)
        flows.append(Pos(settings, *parts, Square(settings), service.books))
    say("flows", names=[type(flow).__name__ for flow in flows], orders=service.ready)
    return flows


def returns_of(service: Service) -> Returns:
    """Return the flow of refunds; it hears of them from the orders that they belong to."""
    parts = (service.store, service.audit, service.queue, service.shopify, service.odoo)
    returns = Returns(*parts, service.books, service.settings, service.orders.shop)
    service.orders.followers.append(returns.notice)
    service.approvals = returns.approvals
    return returns


def money_flows(service: Service) -> list[BankLines | GatewayLines | Transfers | Charges]:
    """Return the flows of money: the bank's, the gateway's, and what settles what."""
    settings, parts = service.settings, (service.store, service.audit, service.queue)
    statements = Statements(service.odoo)
    with_bank = bool(settings.bank and settings.bank_ibans)
    transfers = Transfers(*parts, statements) if with_bank and settings.gateway else None
    news = transfers.want if transfers else None
    flows: list[BankLines | GatewayLines | Transfers | Charges] = []
    if with_bank:
        bank = Bank(settings)
        flows.append(BankLines(*parts, bank, statements, settings.bank_ibans, news))
    if settings.gateway:
        gateway, pause = Gateway(settings), settings.money_seconds
        charges = Charges(*parts, statements)

        async def moved(connection: Connection) -> None:
            await charges.want(connection)
            if transfers:
                await transfers.want(connection)

        flows.append(GatewayLines(*parts, gateway, statements, pause, moved))
        flows.append(charges)
    flows += [transfers] if transfers else []
    service.figures += [flow.figures for flow in flows]
    return flows
