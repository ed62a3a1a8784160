"""Env vars: values are written and never read back (docs/rules.md, 7).

dotenv      parses a pasted .env file, or one name and value
pem         keys and certificates without quotes in it
values      how values are written: quotes, escapes, comments
lines       which names and values can be set, and what to notice about them
drafts      what a person typed, encrypted until it is applied as one operation
reviews     what each line of a draft would do, before it is applied
submit      applies a draft, or deletes an env var, as one operation
pages       what the pages about env vars show
names       the stored names, and how they are fetched from MIOSA
updates     who set which name through the portal, with a fingerprint of the value
changes     which names changed since a moment
encryption  encrypts, decrypts and expires the values of drafts
"""
