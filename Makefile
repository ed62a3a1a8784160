# Every target works from a fresh clone with nothing but Python 3.11 or newer.
.DEFAULT_GOAL := help
.PHONY: help run test lint format messages bench chaos pictures test-deps lock runtime dev clean

PYTHON := .venv/bin/python
PYBABEL := .venv/bin/pybabel
# A new language: make messages LANGUAGES=de
LANGUAGES ?= $(patsubst locale/%/LC_MESSAGES/django.po,%,$(wildcard locale/*/LC_MESSAGES/django.po))

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):[^#]*##/  make \1 \t/p' $(MAKEFILE_LIST)

run: runtime  ## start the portal: a demo with its simulator, or the real thing with MIOSA_API_KEY
	@exec $(PYTHON) manage.py up

test: dev  ## lint, then all tests, on SQLite and on PostgreSQL
	@exec $(PYTHON) -m tests.suite

lint: dev  ## ruff, mypy, import-linter, djlint, Django's own checks
	@exec $(PYTHON) -m tests.lint

format: dev  ## format Python and templates
	@$(PYTHON) -m ruff check --fix-only --quiet .
	@$(PYTHON) -m ruff format --quiet .
	@$(PYTHON) -m djlint --reformat --quiet templates || true

messages: dev  ## extract the texts to translate, and update and compile each language in locale/
	@mkdir -p locale
	@$(PYBABEL) extract --mapping pyproject.toml -k gettext_lazy -k gettext_noop -k ngettext_lazy:1,2 -k pgettext_lazy:1c,2 --no-location \
		--sort-output --output locale/django.pot .
	@for language in $(LANGUAGES); do \
		test -f locale/$$language/LC_MESSAGES/django.po || \
			$(PYBABEL) init -i locale/django.pot -d locale -D django -l $$language; \
		$(PYBABEL) update -i locale/django.pot -d locale -D django -l $$language; \
	done
	@if [ -n "$(LANGUAGES)" ]; then $(PYBABEL) compile -d locale -D django; fi

bench: dev  ## measure; prints a table and writes JSON below var/
	@exec $(PYTHON) -m tests.bench

chaos: dev  ## kill web and worker processes 200 times each around a change; prints a table and writes JSON below var/
	@exec $(PYTHON) -m tests.chaos

pictures: dev  ## take the pictures of README and docs from a demo, in docs/pictures/ (needs chromium)
	@exec $(PYTHON) -m tests.pictures

test-deps:  ## install the system packages some tests need (Debian: chromium, redis-server, nodejs, php-cli, ruby)
	@requirements/install-system

lock: dev  ## compile requirements/*.txt from pyproject.toml
	@requirements/lock

runtime:
	@requirements/install runtime

dev:
	@requirements/install dev

clean:  ## forget the environment and the tools' caches; var/ and its data stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
