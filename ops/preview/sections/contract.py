"""The contract difference: what may fail a client first."""

from collections.abc import Sequence

from ops.preview.blocks import Alert, Block, Details, Line, Paragraph, Section, Table, code, line, strong
from ops.preview.contract.finding import Finding
from ops.preview.report import Report
from ops.preview.sections.words import count


def section(report: Report) -> Section | None:
    """Breaking findings in full, compatible ones folded away; None when no contracts were given."""
    contract = report.contract
    if contract is None:
        return None
    if contract.problem:
        problem = line(strong("The contract could not be compared: "), f" {contract.problem}.")
        return Section("API contract", 70, (Alert("caution", (Paragraph(problem),)),))
    breaking, compatible = contract.breaking, contract.compatible
    if not contract.findings:
        same = f"No difference in {count(contract.operations, 'operation')}."
        return Section("API contract", 70, (Paragraph(line(same)),))
    blocks: list[Block] = []
    if breaking:
        words = count(len(breaking), "breaking change")
        lead = line(strong(f"{words}."), " Clients that follow the contract of today may fail.")
        blocks += [Alert("warning", (Paragraph(lead),)), _table(breaking)]
    else:
        blocks.append(Paragraph(line(strong("Not breaking."))))
    if compatible:
        blocks.append(Details(line(count(len(compatible), "compatible change")), (_table(compatible),)))
    return Section("API contract", 70, tuple(blocks))


def _table(findings: Sequence[Finding]) -> Table:
    return Table(("Where", "Rule", "What"), tuple(_row(finding) for finding in findings))


def _row(finding: Finding) -> tuple[Line, ...]:
    return (line(code(finding.where)), line(finding.rule), line(code(finding.what)))
