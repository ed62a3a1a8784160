"""Reading MIOSA into our tables.

refresh     for pages: what somebody looks at, once for all viewers, without long waits
schedule    for the worker: what is due
fetch/      reads MIOSA: customers, deployments, versions, and the regular sweeps
upsert/     stores rows: each with its customer, and what follows from it
scopes      how old each stored scope is, and requests to refresh it
leases      one reader for a scope, over threads and processes
budget      the requests that may be sent, and everybody's share of them
upstream    the client of MIOSA, paid from the budget
details     domains and env vars, read when their page is opened
polling     logs and builds, read while somebody watches
"""
