// Package paper turns texts in a little Markdown into documents that offices open, sign
// and file.
//
// A text has headings of three levels, paragraphs, lists, quotations, tables, **bold** and
// [blanks] that a person fills in; a backslash takes its form from a mark, and Escape does so
// to what people wrote. DOCX gives the document to go on with, PDF the one to print. It knows no form and no law: those who write a notice or
// a security document compose its text.
//
// Always true: the same text gives the same bytes, whatever the machine and the time.
package paper
