"""`make bench`: figures and ratios, never a pass or a fail of the suite.

Rounds of all variants are interleaved in one run; CPU is that of the server's process (user and system), which
neighbours disturb far less than the clock; pages are chosen at random, or the figures would be a cache's.
"""
