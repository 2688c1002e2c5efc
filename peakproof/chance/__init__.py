"""Who does what in a random story: deeds that make sense after those before, drawn from a seed.

Pure, as plans are: ``Trade`` remembers what has happened so far, each kind of person draws from it.
"""
