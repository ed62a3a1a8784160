"""How far apart two clocks may be. A moment written on another machine is compared with one of these in mind."""

from datetime import timedelta

# Two machines of ours, which keep their clocks with NTP.
OUR_HOSTS = timedelta(seconds=5)
# MIOSA's clock and ours.
MIOSA = timedelta(seconds=30)
# A moment further ahead than this was written before a clock was set back, so it is ignored.
IMPLAUSIBLE = timedelta(minutes=5)
