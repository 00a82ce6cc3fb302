"""The Pulumi program: checked config, built artefacts, one composed environment, its outputs."""

from pathlib import Path

import pulumi

from bundler import BundleError, build
from components.api.contract import ContractError, read_contract
from components.artefacts import Artefact, ArtefactError, read_manifest
from components.budget.billing import UnknownBillingError
from components.commit import commit
from components.config import ConfigError, StackConfig, load_config
from components.environment import Inputs, compose

ROOT = Path(__file__).resolve().parent


def artefacts(config: StackConfig) -> dict[str, Artefact]:
    """The zips to deploy: those of a release manifest, never rebuilt, or those of the working tree."""
    wanted = config.artefacts
    if wanted.manifest is not None:
        return read_manifest(ROOT / wanted.manifest, ROOT)
    build(ROOT, wanted.target, progress=pulumi.log.info)
    return read_manifest(ROOT / "dist" / wanted.target / "manifest.json", ROOT)


try:
    settings = load_config(ROOT)
    outputs = compose(Inputs(settings, artefacts(settings), read_contract(ROOT / "openapi.json"), commit(ROOT)))
except (ConfigError, ArtefactError, BundleError, ContractError, UnknownBillingError) as error:
    # a message to read, without a stack trace
    raise pulumi.RunError(str(error)) from None

for name, value in outputs.items():
    pulumi.export(name, value)
