//! A letter as plain text, and as HTML that every mail program shows.
use alloc::string::String;

use super::Letter;

/// The width of plain text (RFC 5322 section 2.1.1 wants no more than 78).
const COLUMNS: usize = 76;
/// Where the values of facts begin.
const INDENT: usize = 16;

pub(super) fn text(letter: &Letter) -> String {
    let mut text = String::new();
    for paragraph in &letter.before {
        text.push_str(&wrapped(paragraph));
        text.push_str("\n\n");
    }
    for (name, value) in &letter.facts {
        for (index, line) in value.lines().enumerate() {
            let label = if index == 0 { name } else { "" };
            let line = alloc::format!("  {label:<width$}{line}", width = INDENT.saturating_sub(2));
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    if let Some(link) = &letter.link {
        // Not broken, however long it is.
        text.push_str(link);
        text.push('\n');
    }
    for paragraph in &letter.after {
        text.push('\n');
        text.push_str(&wrapped(paragraph));
        text.push('\n');
    }
    text.push_str("\n-- \n");
    text.push_str(&wrapped(letter.reason));
    text.push_str("\nNo more of these mails:\n");
    text.push_str(&letter.unsubscribe);
    text.push('\n');
    text
}

fn wrapped(paragraph: &str) -> String {
    let mut text = String::new();
    let mut column = 0_usize;
    for word in paragraph.split(' ') {
        let width = word.chars().count();
        if column > 0 && column.saturating_add(width) >= COLUMNS {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column = column.saturating_add(1);
        }
        text.push_str(word);
        column = column.saturating_add(width);
    }
    text
}

/// One column, no pictures, nothing to be fetched, and no links but those by which an owner says yes
/// or no: who wants to act goes there by himself.
pub(super) fn html(letter: &Letter) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n",
    );
    html.push_str(&alloc::format!(
        "<title>{}</title>\n</head>\n<body style=\"margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif\">\n\
         <div style=\"max-width:560px;margin:0 auto\">\n\
         <h1 style=\"font-size:20px;margin:0 0 16px\">{}</h1>\n",
        escaped(&letter.subject),
        escaped(&letter.headline),
    ));
    for paragraph in &letter.before {
        html.push_str(&alloc::format!("<p>{}</p>\n", escaped(paragraph)));
    }
    if !letter.facts.is_empty() {
        html.push_str(&table(letter));
    }
    if let Some(link) = &letter.link {
        let link = escaped(link);
        html.push_str(&alloc::format!(
            "<p style=\"overflow-wrap:anywhere\"><a href=\"{link}\">{link}</a></p>\n"
        ));
    }
    for paragraph in &letter.after {
        html.push_str(&alloc::format!("<p>{}</p>\n", escaped(paragraph)));
    }
    html.push_str(&alloc::format!(
        "<p style=\"font-size:13px;opacity:.75;border-top:1px solid;padding-top:12px\">{} \
         <a href=\"{}\">No more of these mails</a></p>\n</div>\n</body>\n</html>\n",
        escaped(letter.reason),
        escaped(&letter.unsubscribe)
    ));
    html
}

fn table(letter: &Letter) -> String {
    let mut html = String::from("<table style=\"border-collapse:collapse;margin:16px 0\">\n");
    for (name, value) in &letter.facts {
        html.push_str(&alloc::format!(
            "<tr><th scope=\"row\" style=\"text-align:left;vertical-align:top;padding:2px 16px 2px 0;font-weight:600\">\
             {name}</th><td style=\"padding:2px 0;overflow-wrap:anywhere\">{}</td></tr>\n",
            escaped(value).replace('\n', "<br>")
        ));
    }
    html.push_str("</table>\n");
    html
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
    html
}
