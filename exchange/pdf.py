"""A paper as PDF: real text in an embedded font, with title, language and bookmarks."""

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from fpdf import FPDF, FontFace, ViewerPreferences, XPos, YPos
from fpdf.enums import MethodReturnValue, TableBordersLayout, VAlign

from exchange.paper import Block, Heading, Paper, Row, Table, Words

FONTS = Path(__file__).parent / "fonts"
INK, QUIET, LINE, TINT = (28, 39, 51), (71, 86, 106), (215, 222, 230), (238, 246, 248)
DEEP, EDGE = (18, 50, 79), (31, 111, 139)
MARGIN, BODY, SMALL = 20.0, 10.0, 8.5
LINE_HEIGHT = 1.42
LONGEST_TOGETHER = 110.0
"""A part that is higher than this is broken over two pages; so much of it stands beneath its heading."""

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table it subsets


class _Page(FPDF):
    """Writes the foot of each page."""

    def __init__(self, paper: Paper) -> None:
        super().__init__(format=paper.letter_size)
        self._paper = paper

    def footer(self) -> None:
        """The foot and the number of the page."""
        numbered = self._paper.page.format(page=self.page_no(), pages="{nb}")
        self.set_font("OpenSans", size=7.5)
        self.set_text_color(*QUIET)
        lines = self.multi_cell(self.epw - 28, text=self._paper.foot, dry_run=True, output=MethodReturnValue.LINES)
        top = self.h - 11 - 3.6 * len(lines)  # type: ignore[arg-type]
        self.set_draw_color(*LINE)
        self.line(self.l_margin, top - 1.5, self.w - self.r_margin, top - 1.5)
        self.set_xy(self.l_margin, top)
        self.multi_cell(self.epw - 28, 3.6, self._paper.foot, align="L")
        width = self.get_string_width(numbered.replace("{nb}", "0")) + 2 * self.c_margin
        self.set_xy(self.w - self.r_margin - width, top)
        self.cell(width, 3.6, numbered)


def as_pdf(paper: Paper, *, made_at: datetime) -> bytes:
    """The file. The same paper made at the same instant gives the same bytes."""
    page = _Page(paper)
    page.set_title(paper.title)
    page.set_lang(paper.language)
    page.set_author(paper.sender[0])
    page.set_creator("Debtdesk")
    page.set_creation_date(made_at)
    page.viewer_preferences = ViewerPreferences(display_doc_title=True)
    for style, name in (("", "Regular"), ("B", "Bold")):
        page.add_font("OpenSans", style, FONTS / f"OpenSans-{name}.ttf")
    page.set_margins(MARGIN, MARGIN)
    page.set_auto_page_break(True, margin=26)
    page.add_page()
    _head(page, paper)
    for place, block in enumerate(paper.blocks):
        if isinstance(block, Heading):
            if page.will_page_break(min(_together(page, paper.blocks[place:]), LONGEST_TOGETHER)):
                page.add_page()
            _heading(page, block)
        elif isinstance(block, Words):
            _words(page, block)
        else:
            _table(page, block)
    return bytes(page.output())


def _font(page: FPDF, size: float = BODY, *, bold: bool = False, colour: tuple[int, int, int] = INK) -> None:
    page.set_font("OpenSans", "B" if bold else "", size)
    page.set_text_color(*colour)


def _height(size: float) -> float:
    return size * 0.3528 * LINE_HEIGHT


def _lines(page: FPDF, lines: Sequence[str], size: float, *, align: str = "L", x: float | None = None,
           width: float = 0) -> None:
    for line in lines:
        page.set_x(page.l_margin if x is None else x)
        page.multi_cell(width, _height(size), line, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _head(page: FPDF, paper: Paper) -> None:
    top = page.get_y()
    if paper.logo:
        page.image(paper.logo.path, page.l_margin, top, w=52, h=20, keep_aspect_ratio=True, alt_text=paper.logo.alt)
    else:
        _font(page, 15, bold=True, colour=DEEP)
        page.cell(80, 8, paper.sender[0])
    page.set_y(top)
    _font(page, SMALL, colour=QUIET)
    _lines(page, paper.sender, SMALL, align="R", x=page.w - page.r_margin - 85, width=85)
    page.set_y(max(page.get_y(), top + 22) + 6)
    _font(page)
    _lines(page, paper.recipient, BODY)
    page.ln(8)
    _font(page, 19, bold=True, colour=DEEP)
    page.start_section(paper.title)
    _lines(page, [paper.title], 19)
    page.ln(2)
    widest = 0.0
    _font(page, 9, colour=QUIET)
    for name, _ in paper.facts:
        widest = max(widest, page.get_string_width(name))
    for name, value in paper.facts:
        _font(page, 9, colour=QUIET)
        page.cell(widest + 5, _height(9), name)
        _font(page, 9)
        page.multi_cell(0, _height(9), value, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(3)


def _together(page: FPDF, blocks: Sequence[Block]) -> float:
    """About how high a heading is with what belongs to it, to the end of its first table."""
    height = 14.0
    for block in blocks[1:]:
        if isinstance(block, Heading):
            break
        if isinstance(block, Words):
            _font(page)
            lines = page.multi_cell(page.epw - 8, text=block.text, dry_run=True, output=MethodReturnValue.LINES)
            height += len(lines) * _height(BODY) + (8 if block.marked else 1.5)  # type: ignore[arg-type]
            continue
        rows = [*block.rows, Row(block.columns)] if block.columns else block.rows
        height += sum(2.4 + _height(9) * max(cell.count("\n") + 1 for cell in row.cells) for row in rows) + 8
        break
    return height


def _heading(page: FPDF, heading: Heading) -> None:
    size = 13.0 if heading.level == 1 else 10.5
    page.ln(5 if heading.level == 1 else 3)
    page.start_section(heading.text, level=heading.level)
    _font(page, size, bold=True, colour=DEEP if heading.level == 1 else INK)
    _lines(page, [heading.text], size)
    page.ln(1)


def _words(page: FPDF, words: Words) -> None:
    _font(page)
    if not words.marked:
        _lines(page, [words.text], BODY)
        page.ln(1.5)
        return
    inner = page.epw - 8
    count = len(page.multi_cell(inner, text=words.text, dry_run=True,  # type: ignore[arg-type]
                                output=MethodReturnValue.LINES))
    height = count * _height(BODY) + 5
    if page.will_page_break(height):
        page.add_page()
    top = page.get_y() + 1
    page.set_fill_color(*TINT)
    page.rect(page.l_margin, top, page.epw, height, style="F")
    page.set_fill_color(*EDGE)
    page.rect(page.l_margin, top, 1.2, height, style="F")
    page.set_fill_color(255, 255, 255)
    page.set_y(top + 2.5)
    _lines(page, [words.text], BODY, x=page.l_margin + 5, width=inner)
    page.set_y(top + height + 2)


def _table(page: FPDF, table: Table) -> None:
    if table.caption:
        _font(page, SMALL, colour=QUIET)
        _lines(page, [table.caption], SMALL)
    _font(page, 9)
    page.set_draw_color(*LINE)
    page.set_line_width(0.2)
    align = tuple("RIGHT" if column in table.figures else "LEFT" for column in range(len(table.widths)))
    with page.table(
        col_widths=table.widths, text_align=align, line_height=_height(9), padding=(1.1, 1.5), v_align=VAlign.T,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES, first_row_as_headings=bool(table.columns),
        headings_style=FontFace(emphasis="BOLD", color=DEEP), repeat_headings=1,
    ) as drawn:
        if table.columns:
            drawn.row(table.columns)
        for row in table.rows:
            drawn.row(row.cells, style=FontFace(emphasis="BOLD", fill_color=TINT) if row.strong else None)
    page.ln(3)
