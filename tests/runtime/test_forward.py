"""What proxies share: which headers pass, and how answers that were cut short are passed on."""

from peakproof.outcomes import Outcome
from peakproof.runtime.forward import answer, cut, lost, passed_on, short_hash, target
from peakproof.simkit.messages import Ending, Request
from peakproof.simkit.outbound import AnswerCut, Reply

HEADERS = [(b"Content-Length", b"9"), (b"X-A", b"1"), (b"X-A", b"2"), (b"TE", b"trailers")]


def test_headers_of_one_connection_stay_on_it() -> None:
    assert passed_on(HEADERS) == [("X-A", "1"), ("X-A", "2")]
    named = (b"Connection", b"close, x-a ,X-B")
    assert passed_on([named, *HEADERS, (b"x-b", b""), (b"X-C", b"\xe9")]) == [("X-C", "\xe9")]


def test_a_target_stays_as_it_came() -> None:
    assert target(Request("GET", "/a%2Fb", "x=%20")) == "/a%2Fb?x=%20"
    assert target(Request("GET", "/a")) == "/a"


def test_an_answer_tells_its_length_anew_unless_it_has_no_body() -> None:
    reply = Reply(404, HEADERS, b"body")
    whole = answer(Request("GET", "/"), reply)
    assert (whole.status, whole.body) == (404, b"body")
    assert whole.headers == [("X-A", "1"), ("X-A", "2")]
    head = answer(Request("HEAD", "/"), Reply(200, HEADERS, b""))
    assert ("Content-Length", "9") in head.headers


def test_what_is_left_of_an_answer_is_passed_on() -> None:
    request = Request("GET", "/")
    part = cut(request, AnswerCut("", Reply(200, HEADERS, b"half")))
    assert (part.ending, part.status, part.body) == (Ending.PARTIAL, 200, b"half")
    assert ("Content-Length", "9") in part.headers
    without_length = Reply(200, [(b"Transfer-Encoding", b"chunked")], b"half")
    assert cut(request, AnswerCut("", without_length)).ending == Ending.CLOSE
    assert cut(request, AnswerCut("", None)).ending == Ending.CLOSE
    assert cut(request, ConnectionResetError()).ending == Ending.RESET


def test_no_answer_at_all_is_a_reset_with_a_reason() -> None:
    request = Request("GET", "/")
    response = lost(request, Outcome.FAIL, "gone", "why")
    assert (response.ending, request.outcome) == (Ending.RESET, Outcome.FAIL)
    assert request.record.error_codes == ["gone"]


def test_a_short_hash_tells_apart_and_reveals_nothing() -> None:
    assert short_hash("a") == short_hash(b"a") != short_hash("b")
    assert len(short_hash("secret")) == 8
