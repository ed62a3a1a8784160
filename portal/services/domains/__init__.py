"""Custom domains: MIOSA's rows, our own DNS checks, and what pages show of both.

pages        opening a page: refresh MIOSA's list if it is stale, request DNS checks, then query
queries      the list of domains and one domain, as frozen dataclasses; reads our tables only
reports      what a stored DNS lookup means now
messages     the wording of the messages of portal.dns
changes      add, verify, redirect and detach a domain: operations
share_links  links to one domain's records for people without an account
fetch        read MIOSA's list of a deployment's domains; their names, for dialogs
upsert       store that list
checks       DNS checks: when they are due, running one, storing its result
background   the worker's DNS checks
"""
