"""The formats of files of text or token ids, and which ending means which; source.py picks the reader of each."""

from __future__ import annotations

import re

# Of the ids in a flat file.
ID_TYPES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
# How documents are found in a file: docs/sources.md.
FORMATS = (
    *("text", "jsonl", "json", "csv", "tsv", "parquet", "arrow", "warc", "tar", "zip"),
    *("ids", "bin", "megatron", "npy", "npz", "mds", "litdata"),
)

PROSE_EXTENSIONS = (".txt", ".md", ".markdown", ".rst", ".tex", ".adoc", ".org", ".html", ".htm", ".xhtml", ".xml")
SOURCE_EXTENSIONS = (
    *(".py", ".pyi", ".pyx", ".ipynb", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".cu", ".cuh", ".m", ".mm"),
    *(".java", ".kt", ".kts", ".scala", ".groovy", ".cs", ".fs", ".vb", ".go", ".rs", ".swift", ".zig", ".nim", ".d"),
    *(".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".svelte", ".css", ".scss", ".less", ".php", ".rb", ".pl"),
    *(".pm", ".lua", ".r", ".jl", ".hs", ".ml", ".mli", ".ex", ".exs", ".erl", ".clj", ".lisp", ".el", ".scm", ".rkt"),
    *(".f", ".f90", ".f95", ".ada", ".adb", ".ads", ".pas", ".v", ".sv", ".vhd", ".vhdl", ".s", ".asm", ".sh", ".bash"),
    *(".zsh", ".fish", ".ps1", ".bat", ".sql", ".proto", ".thrift", ".graphql", ".cmake", ".mk", ".gradle", ".tcl"),
    *(".yaml", ".yml", ".toml", ".ini", ".cfg", ".tf", ".dart", ".sol", ".lean", ".coq", ".agda"),
)
FORMAT_OF = {
    **dict.fromkeys((*PROSE_EXTENSIONS, *SOURCE_EXTENSIONS), "text"),
    **{".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv"},
    **{".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".feather": "arrow"},
    **{".warc": "warc", ".wet": "warc", ".tar": "tar", ".tgz": "tar", ".zip": "zip"},
}
COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".tgz": "gzip"}

# Files that hold neither text nor token ids, and that people keep beside those that do.
NO_CORPUS = frozenset(
    (
        *(".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ico", ".svgz", ".psd", ".eps"),
        *(".mp3", ".wav", ".flac", ".ogg", ".m4a", ".mp4", ".avi", ".mov", ".mkv", ".webm"),
        *(".ttf", ".otf", ".woff", ".woff2", ".eot", ".mo", ".gmo"),
        *(".so", ".a", ".o", ".dll", ".dylib", ".exe", ".pyc", ".pyd", ".pyo", ".class", ".jar", ".whl"),
        *(".lib", ".obj", ".rlib", ".wasm", ".deb", ".rpm", ".apk", ".dmg", ".iso", ".img"),
        *(".safetensors", ".ckpt", ".gguf", ".onnx", ".pth", ".tflite"),
    )
)
# Earlier states of a file that lies beside them.
_BACKUP = re.compile(r".*(\.(bak|orig|old|tmp|temp|swp|part|partial|crdownload|rej)|~)", re.IGNORECASE)
# What describes data and is none: of the library datasets, of dolma and of those who package data.
_METADATA = re.compile(
    r"dataset_infos?\.json|dataset_dict\.json|state\.json|croissant\.json|_success|_metadata|_common_metadata|"
    r"manifest\.(json|txt)|checksums?(\.\w+)?|sha256sums?|md5sums?|.+\.(md5|sha1|sha256|sha512|crc|lock|sig|asc)",
    re.IGNORECASE,
)


def is_backup(file_name: str) -> bool:
    """Return whether a file's name is that of an earlier or unfinished state of another.

    >>> is_backup("a.jsonl.bak"), is_backup("a.jsonl~"), is_backup("part.jsonl")
    (True, True, False)
    """
    return _BACKUP.fullmatch(file_name) is not None


def is_metadata(file_name: str) -> bool:
    """Return whether a file's name is that of a description of data.

    >>> is_metadata("dataset_info.json"), is_metadata("train.jsonl")
    (True, False)
    """
    return _METADATA.fullmatch(file_name) is not None
