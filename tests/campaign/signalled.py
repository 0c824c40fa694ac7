"""`advisor calibrate` with the preset `tiny`, whose workers, which import this module, do not import torch with it."""


def main() -> None:
    """Run the command line."""
    from advisor.cli import main as run
    from tests.commands.tiny_calibrate import register

    register()
    run()


if __name__ == "__main__":
    main()
