"""Env vars: written and never read back (docs/rules.md, 7).

dotenv    a pasted file or one typed value into lines, each with its notices and problems
sealing   values between typing and applying: encrypted in the database, bound, single use
marks     who set which name, and a fingerprint of what was set
reading   the names, read again
names     the names on a deployment, with masks, marks and badges
drafts    what was typed, sealed until it is applied
reviews   what was typed, by name alone, and applying it as one operation
deleting  a name taken away, where that can be done
"""
