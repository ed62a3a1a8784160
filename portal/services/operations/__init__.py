"""The journal: each change asked of MIOSA is a row before it is a request, and is found out about.

kinds      what can be asked, in which lane, by whom, how long it may take
tokens     the signed form: one human action, drawn for one person, one target, one live version seen
accepting  the row, committed; the same action again finds the same row; one at a time in a lane
sending    the look just before, the call, what came back
calls      a kind into the client's method; nothing else in the portal calls one that changes something
evidence   whether a change has happened, as far as MIOSA shows it
effects    the same of env vars and domains
reading    back: what MIOSA says after a change, until it says what was wanted
settling   an answer that was lost: found by looking, or by repeating within the minute, or decided by a person
aftermath  what a kind of its own leaves to be read, noted or forgotten
checking   whether the app answers, and is the version it should be
beats      who is carrying an operation out, and whether that process still lives
due        when its next step is due, whatever became of the clocks
driver     in the worker: whatever of all this is due
refusals   why it was not done, in words
"""
