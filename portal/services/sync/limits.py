"""How fresh stored rows have to be, besides `models.FRESH_FOR`, and how long reading may take."""

from datetime import timedelta

# Versions of a deployment that somebody looks at: no source says that a new one touches the deployment's row.
VERSIONS_FRESH = timedelta(seconds=60)
# Versions of deployments in a list that somebody looks at.
VERSIONS_LISTED = timedelta(minutes=5)
# Versions that nobody looks at.
VERSIONS_QUIET = timedelta(hours=6)
# Domains and names of env vars, read when somebody opens their page.
DETAILS_FRESH = timedelta(seconds=60)
# Domains that nobody looks at.
DOMAINS_QUIET = timedelta(hours=6)
WORKSPACES_FRESH = timedelta(minutes=10)

# After a failure nobody asks for the same thing again sooner than this.
PAUSE_AFTER_FAILURE = timedelta(seconds=10)
# The worker's pause after a failed sweep.
SWEEP_PAUSE_AFTER_FAILURE = timedelta(seconds=15)

# One request, in seconds; of a person's request see `miosa.READ_DEADLINE_S`.
BACKGROUND_DEADLINE_S = 20.0
# While a person waits: no request begins later, and nobody waits longer for another thread or process.
BEGIN_WITHIN_S = 1.5
WAIT_FOR_OTHERS_S = 2.4
