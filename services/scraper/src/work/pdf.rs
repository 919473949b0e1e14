//! The text of a PDF.

/// What a PDF says, page after page.
pub(super) fn text(pdf: &[u8]) -> Result<String, String> {
    pdf_extract::extract_text_from_mem(pdf).map_err(|error| error.to_string())
}
