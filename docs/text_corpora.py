"""The real corpora of the calibrations `subword` and `tokens-or-bytes`: Debian packages, and which of their files.

Every file is one document; which files are left out, whatever they are of, stands in ``make_text_corpora.py``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Part:
    """Packages, and the files of them: paths that ``files``, a regular expression, is found in.

    A path inside an archive of a package stands after that archive's own: usr/src/linux.tar.xz/fs/inode.c.
    """

    packages: tuple[str, ...]
    files: str


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A corpus: its name, its parts, and how their files are taken.

    Attributes:
        code: files that say they are generated, and those with a line of over 2,000 characters, are left out.
        tagless: of HTML and XML the text alone is taken, by ``html_text.py``.
        cut: files of over 1 MB are cut at line ends into documents; of other corpora they are left out.
    """

    name: str
    parts: tuple[Part, ...]
    code: bool = False
    tagless: bool = False
    cut: bool = False


def _of(packages: str, files: str) -> Part:
    return Part(packages=tuple(packages.split()), files=files)


def _spoken(language: str, folder: str, packages: str, more: tuple[Part, ...] = ()) -> tuple[Part, ...]:
    """Return the parts of a corpus of prose in one language: the manuals that Debian has in several."""
    return (
        _of(f"libreoffice-help-{language} gimp-help-{language[:2]} {packages}", r"\.html(\.gz)?$"),
        _of("debian-handbook", rf"/html/{folder}/.*\.html$"),
        _of("installation-guide-amd64", rf"/{language[:2]}/.*\.html$"),
        _of("gnome-user-docs", rf"/help/{'C' if folder == 'en-US' else language}/.*\.page$"),
        *more,
    )


_MAN = r"/man/.*\.[1-9][a-z]*\.gz$"
_PYTHON = (
    "libpython3.11-stdlib libpython3.11-testsuite python3-sympy python3-django python3-scipy python3-pandas "
    "python3-numpy python3-matplotlib python3-statsmodels python3-astropy python3-nova python3-neutron python3-twisted "
    "python3-sklearn python3-networkx python3-biopython python3-sqlalchemy"
)
_JAVASCRIPT = (
    "node-typescript libjs-dojo-core libjs-dojo-dijit libjs-dojo-dojox libjs-openlayers node-lumino node-rx libjs-jsxc "
    "node-sinon node-babel7 libjs-three node-jsdom node-vega libjs-codemirror gnome-shell-common npm node-undici "
    "node-react-dom roundcube-core libjs-angularjs node-lodash node-core-js libjs-pdf wordpress phpmyadmin emscripten"
)
_TEX = (
    "texlive-latex-recommended-doc texlive-latex-extra-doc texlive-science-doc texlive-pictures-doc "
    "texlive-publishers-doc texlive-pstricks-doc texlive-humanities-doc texlive-bibtex-extra"
)

CORPORA = (
    Corpus(name="c", code=True, parts=(_of("linux-source-6.1", r"/(fs|kernel|mm|net)/.*\.c$"),)),
    Corpus(
        name="cpp",
        code=True,
        parts=(
            _of("libboost1.81-dev libcgal-dev libinsighttoolkit5-dev libdeal.ii-dev", r"\.(h|hpp|hxx|ipp|tcc)$"),
            _of("libeigen3-dev", r"/eigen3/.*"),
        ),
    ),
    Corpus(name="java", code=True, parts=(_of("openjdk-17-source", r"/src\.zip/.*\.java$"),)),
    Corpus(name="javascript", code=True, parts=(_of(_JAVASCRIPT, r"(?<!\.min)\.(js|mjs|cjs|ts|jsx|tsx)$"),)),
    Corpus(name="python", code=True, parts=(_of(_PYTHON, r"\.py$"),)),
    Corpus(
        name="proofs",
        code=True,
        parts=(
            _of("hol-light", r"\.(ml|hl)$"),
            _of(
                "libcoq-stdlib libcoq-unimath libcoq-mathcomp-algebra libcoq-mathcomp-ssreflect "
                "libcoq-mathcomp-analysis libcoq-corn libcoq-iris",
                r"\.v$",
            ),
            _of("agda-stdlib", r"\.agda$"),
        ),
    ),
    Corpus(
        name="tex",
        parts=(_of(_TEX, r"\.(tex|ltx|dtx|ins)(\.gz)?$"),),
    ),
    Corpus(name="html", parts=(_of("postgresql-doc-15 python3.11-doc sqlite3-doc git-doc", r"\.html$"),)),
    Corpus(name="svg", parts=(_of("openclipart-svg", r"\.svg$"),)),
    Corpus(name="tables", cut=True, parts=(_of("unicode-data", r"/unicode/.*\.txt(\.bz2)?$"),)),
    Corpus(
        name="english",
        tagless=True,
        parts=_spoken(
            "en-us",
            "en-US",
            "anarchism debian-reference-en kicad-doc-en debian-edu-doc-en",
            more=(
                _of("linux-doc-6.1", r"\.rst\.gz$"),
                _of("perl-doc", r"\.pod$"),
                _of("lilypond-doc-html", r"(?<!-big-page)(?<!\.[a-z]{2})\.html$"),
            ),
        ),
    ),
    Corpus(
        name="german",
        tagless=True,
        parts=_spoken(
            "de",
            "de-DE",
            "debian-reference-de developers-reference-de maint-guide-de debian-faq-de kicad-doc-de debian-edu-doc-de",
            more=(
                _of("manpages-de", _MAN),
                _of("lilypond-doc-html-de", r"(?<!-big-page)\.de\.html$"),
                _of("fortunes-de", r"/fortunes/de/[^.]*$"),
            ),
        ),
    ),
    Corpus(
        name="japanese",
        tagless=True,
        parts=_spoken(
            "ja",
            "ja-JP",
            "debian-reference-ja developers-reference-ja maint-guide-ja aptitude-doc-ja debian-policy-ja kicad-doc-ja "
            "debian-edu-doc-ja",
            more=(
                _of("manpages-ja manpages-ja-dev", _MAN),
                _of("lilypond-doc-html-ja", r"(?<!-big-page)\.ja\.html$"),
                _of("scilab-doc-ja", r"\.jar/.*\.html$"),
            ),
        ),
    ),
    Corpus(
        name="russian",
        tagless=True,
        parts=_spoken(
            "ru",
            "ru-RU",
            "developers-reference-ru maint-guide-ru debian-faq-ru aptitude-doc-ru doublecmd-help-ru kicad-doc-ru",
            more=(_of("manpages-ru", _MAN), _of("fortunes-ru", r"/fortunes/ru/[^.]*$")),
        ),
    ),
)
