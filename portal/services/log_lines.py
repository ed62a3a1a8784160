"""What one plain line of a log says: nothing, that something failed, or why.

Tools announce errors at the beginning of a line (`error:`, `src/a.ts(3,1): error`, `TypeError: …`) or in sentences that
no successful build prints (`command not found`). The words alone mean nothing: packages, files, routes and tests are
called error, too.
"""

import re
from enum import IntEnum

from portal.services.error_patterns import CAUSE, CONSEQUENCE, SENTENCE, SYSTEM_ERROR, any_of

_LONGEST = 400  # only the beginning of a line is read: longer ones are no sentences


class Grade(IntEnum):
    """QUIET also is a success, a warning, something that was tried again, or a count of zero.

    CONSEQUENCE: something failed, without the reason (`exit status 1`, `2 failed`). CAUSE: the reason.
    """

    QUIET = 0
    CONSEQUENCE = 1
    CAUSE = 2


# Only lines with one of these are read further, which keeps long logs quick.
_STEMS = (
    "err", "fail", "fatal", "panic", "excep", "exit", "kill", "abort", "crit", "emerg", "fault", "core dump", "crash",
    "memory", "space", "quota", "denied", "refused", "reset", "found", "resolve", "miss", "no ", "unable", "can't",
    "cannot", "could", "n't ", "not ", "match", "expire", "certif", "timed out", "deadline", "traceback", "undefined",
    "support", "compat", "unauthor", "forbid", "frozen", "yn00", "changed", "conclude", "gemfile", "requir", "in use",
    "zero", "export", "pars", "verif", "unknown", "unrecog", "expected", "invalid", "bad ", "constraint", "***",
    "** (", "sqlstate", "cycle", "reformat", "limit", "too ", "read-only", "busy", "pipe", "director", "exists",
    "assert", "backoff", "problem", "exceed", "unhandled", "eacces", "edquot", "enoent", "enospc", "econn",
    '"level":5', '"level":6', '"level": 5', '"level": 6', "eaddr", "emfile", "enomem", "stopped",
    ".go:", ".py:", "✕", "✗", "✘", "×", "✖", "●",
)  # fmt: skip
_SUCCESS_STEMS = ("added ", "built", "success", "done in", "finish", "build ", "compiled with", "linting and")

# What builders write in front of a tool's own line. Each takes at most one space, so that indentation is kept.
_PREFIX = any_of(
    # Times
    r"\[?\d{4}-(?:\d\d|[a-z]{3})-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| UTC| ?[+-]\d\d:?\d\d)?\]? ?",
    r"\[?\d\d:\d\d:\d\d(?:[.,]\d+)?(?: [AP]M)?:?\]? (?:\| )?",
    # Docker: a step, and the seconds since it began
    r"#\d+ (?:\d+\.\d+ )?",
    r"\d+\.\d{2,3} ",
    r"\[\d+\] ",
    r"\[(?!error|fatal|critical|warn|info|notice|debug)[a-z][\w:@/.-]*\] ",
    # A package and its script
    r"@?[\w./-]+:[a-z][\w.-]*: (?!\*\*\*)",
    r"[\w./@-]+ (?:build|install|postinstall|prepare|start|test)\$?: ",
    # A service
    r"[a-z][\w.-]* +\| ",
    # A router or syslog: a process and its number
    r"[a-z][\w-]*\[(?:[\w-]+\.)?\d+\]: ?(?!\*\*\*)",
    r"remote: *",
    r"[│┃] ",
    r"> ",
    r"! +",
    r"➤ ",
    r"╰─[▶>] ",
)
_SUCCESS = any_of(
    r"^\W*(?:added \d+ packages|built in \d|compiled successfully|successfully (?:installed|built|compiled))",
    r"^\W*(?:build (?:finished|completed?|succe)|done in \d|finished `?(?:release|dev))",
    r"^(?:webpack \S*\s*)?compiled with \d+ warning",
    r"^\W*linting and checking validity of types",  # what Next.js does once it has compiled
)
_QUIET = any_of(
    r'^(?:[✓✔√☑]|ok\b|pass(?:ed)?\b|--- (?:pass|skip)|\+ |\$ |at \S|File ")',
    r"^\[?(?:warn(?:ing)?|info|notice|debug|trace|note|hint)\b(?!\]? build failure)",
    r"^(?:npm (?:warn|info|http|notice|verb|sill|timing)|[wn]: )",
    r"\blevel=(?:info|warn|debug|trace)",
    r'"(?:level|severity)":\s*(?:"(?:info|warn|debug|trace)|[1-4]0\b)',
    r"^[^\s:(]+[:(][\d:,)\s-]*warning\b",
    r"^\d+:\d+\s+warning\b",
    r"\bpassed\s+\[",
    r"\bPASSED$",
    r"\.\.\. ok$",
    r"^(?:\[[\w -]*\d+/\d+\] |step \d+/\d+ : )?(?-i:RUN|CMD|COPY|ADD|ENV|FROM|HEALTHCHECK) (?!failed)",
    r"^-- (?!configuring incomplete)",
    r"^checking .*\.\.\.",
    r"\bretrying\b",
    r"will (?:retry|try again)",
    r"retry scheduled",
    r"attempt \d+ (?:of \d+ )?failed",
    r"\b(?:continuing with(?:out)?|ignor(?:ed|ing)|skipp(?:ed|ing)|falling back|non-fatal)\b",
    r" locally$",
    r"\bcache\b(?! key).*\bnot found",
    r"(?:\bnot found|\bexist),? (?:using|creating)",
    # What installing and building say without a terminal or a repository, and do all the same
    r"^(?:debconf|dpkg-preconfigure|invoke-rc\.d|locale|mesg): ",
    r"inappropriate ioctl for device",
    r"^fatal: not a git repository",
    r"^error: dynamic server usage",
    r"^failed to download \S+ from dist",
    r"\(0 errors, \d+ warnings?\)",
    r'errors?"?\s*[:=]\s*(?:0|none|no|null|false|true|yes|on|off|enabled|disabled|""|\[\])[\s,}]*$',
    r"^error (?:handl|report|page|log|messag|rate|count|bound|level|overlay|track|monitor|budget)",
)
_NO_ERRORS = any_of(
    r"\b(?:0|no) (?:\w+ )?(?:errors?|failed|failures?|failing|problems?|issues)\b",
    r"\b(?:errors?|fail(?:ed|ing|ures?))\s*[:=]\s*(?:0|none)\b",
    r" 0 error\(s\)",
)
_SOME_ERRORS = any_of(
    r"\b[1-9]\d* (?:\w+ )?(?:errors?|failed|failures?|failing|problems?)\b",
    r"\b(?:errors?|fail(?:ed|ing|ures?))\s*[:=]\s*[1-9]",
)
# The line after one of these says what happened.
_HEADER = any_of(
    r"error during build:$",
    r"^cmake error at .*:$",
    r"no solution found",
    r"transform failed with.*:$",
    r"unhandled (?:exception|rejection).*:$",
    r"test suite failed to run$",
    r"build failed with \d+ errors?:$",
    r"^in \S+ line \d+:$",
)
_NPM = re.compile(r"^(?:npm|gyp) (?:err!|error)\s*(?:stack\s+)?(?=\S|$)", re.IGNORECASE)
# What follows `npm error` without saying more.
_NPM_DETAIL = any_of(
    r"$",
    r"404\s*$",
    r"404 (?:note|tarball)",
    r"(?:code|errno|syscall|path|command|cwd|dest|node|system|location|workspace|signal|shasum|prefix|not ok|peer)\b",
    r"(?:node_modules|enoent this|exit status|failed at the|lifecycle script|while resolv|found:|clean install)\b",
    r"this is (?:probably|related|most likely)",
    r"(?:a complete log|a log|to see|did you mean|npm run|in (?:most )?case|usage|options:|aliases:|run \"|https?:)",
    r"(?:fix the upstream|this command with|to accept|see |/\S+debug|\S+@\S+ \w+: `)",
)


def is_noteworthy(line: str) -> bool:
    """Whether a line is worth grading. Quick, and true for every line that is not QUIET."""
    lowered = line[:_LONGEST].lower()
    return any(stem in lowered for stem in _STEMS)


def grade(text: str) -> Grade:
    """`text`: without prefixes and outer spaces."""
    if _QUIET.search(text) or (_NO_ERRORS.search(text) and not _SOME_ERRORS.search(text)):
        return Grade.QUIET
    if npm := _NPM.match(text):
        return Grade.CONSEQUENCE if _NPM_DETAIL.match(text[npm.end() :]) else Grade.CAUSE
    if CONSEQUENCE.search(text) or _HEADER.search(text):
        return Grade.CONSEQUENCE
    if CAUSE.search(text) or SYSTEM_ERROR.search(text) or SENTENCE.search(text):
        return Grade.CAUSE
    return Grade.CONSEQUENCE if _SOME_ERRORS.search(text) else Grade.QUIET


def is_header(text: str) -> bool:
    """Whether the next line says what happened."""
    return bool(_HEADER.search(text))


def is_success(line: str) -> bool:
    """Whether a tool says that it has done its work."""
    lowered = line[:_LONGEST].lower()
    return any(stem in lowered for stem in _SUCCESS_STEMS) and bool(_SUCCESS.search(remove_prefixes(line)))


def remove_prefixes(line: str) -> str:
    """The beginning of a line without timestamps and names of steps, with its indentation."""
    line = line[:_LONGEST]
    while found := _PREFIX.match(text := line.lstrip()):
        line = text[found.end() :]
    return line
