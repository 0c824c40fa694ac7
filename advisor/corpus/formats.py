"""The formats of files of text or token ids, and which ending means which; source.py picks the reader of each."""

from __future__ import annotations

# How documents are found in a file. "text": the file is a document; in all others a row is one.
FORMATS = ("text", "jsonl", "json", "csv", "tsv", "parquet", "arrow")

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
    **{".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow"},
}
COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
