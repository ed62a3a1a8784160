"""Custom domains: what MIOSA says of them, what DNS answers, and what to do next.

reading   rows read from MIOSA and remembered
looking   our own look at the DNS, kept; when to look again
lists     the domains of a deployment, and their names for other pages
pages     one domain: its status, its records and what DNS answers
messages  the wording of what portal.dns reports
changes   add, verify, redirect, detach: through the journal
links     a page about one domain for whoever runs the DNS, without sign-in
looker    in the worker: looks that are due
"""
