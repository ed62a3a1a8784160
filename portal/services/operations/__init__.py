"""Operations: every change at MIOSA, exactly once.

A form carries a signed token (`tokens`). Confirming it commits a row (`accept`), which is executed (`execute`) and,
where the answer was lost, found out (`reconcile`). What each kind does is one class in `kinds`. Afterwards MIOSA is
read again (`read_back`, `switch`, `timeline`) and the app's address is checked (`check`).

Pages open and submit their dialogs through `releases`, `deployments` and `publishing`, and follow an operation through
`status`. The worker runs `background`.
"""
