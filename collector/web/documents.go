package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"vigia/collector/access"
	"vigia/collector/documents"
	"vigia/collector/storage"
)

// documentRoutes are the addresses of the files that were handed in.
func (s *site) documentRoutes() []route {
	return []route{
		{method: "GET", path: "/documentos/{sha}", roles: anybody(), serve: s.document},
		{method: "GET", path: "/documentos/{sha}/archivo", roles: anybody(), serve: s.download},
	}
}

// maxUpload is what a route that takes a file gives as its body.
const maxUpload = documents.MaxSize + maxBody

// multipart reads a form that may hold files, all of it into memory: what is handed in is
// left in no temporary file. A form without files will do too. False: it cannot be read,
// or is larger than the route allows.
func (v *visit) multipart() bool {
	err := v.r.ParseMultipartForm(maxUpload) //nolint:gosec // guard bounds the body
	return err == nil || errors.Is(err, http.ErrNotMultipart)
}

// attached is a file that came with a form.
type attached struct {
	Name string
	Data []byte
}

// file is the file of a field after multipart; nil when none was chosen.
func (v *visit) file(field string) (_ *attached, err error) {
	if v.r.MultipartForm == nil || len(v.r.MultipartForm.File[field]) == 0 {
		return nil, nil
	}
	head := v.r.MultipartForm.File[field][0]
	if head.Filename == "" && head.Size == 0 {
		return nil, nil
	}
	opened, err := head.Open()
	if err != nil {
		return nil, fmt.Errorf("read an uploaded file: %w", err)
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	data, err := io.ReadAll(io.LimitReader(opened, maxUpload))
	if err != nil {
		return nil, fmt.Errorf("read an uploaded file: %w", err)
	}
	return &attached{Name: head.Filename, Data: data}, nil
}

// upload keeps the file of a field as a document about something ("review/2026Q4"), in a
// transaction of its own. No document and no error: none was chosen. What is wrong with the
// file is worded by fileProblem.
func (v *visit) upload(field, about string) (doc *documents.Document, err error) {
	file, err := v.file(field)
	if err != nil || file == nil {
		return nil, err
	}
	err = v.site.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		kept, err := v.keep(ctx, tx, file, about)
		doc = &kept
		return err
	})
	if err != nil {
		return nil, err
	}
	return doc, nil
}

// keep is upload within a transaction that does more.
func (v *visit) keep(ctx context.Context, tx *storage.Tx, file *attached, about string) (documents.Document, error) {
	return v.site.Documents.Add(ctx, tx, file.Name, file.Data, about, v.user.Name)
}

// fileProblem words what is wrong with a file that was handed in; empty: it is something
// else.
func (v *visit) fileProblem(err error) string {
	switch {
	case errors.Is(err, documents.ErrSize):
		return v.T("document.problem.size", "mb", documents.MaxSize>>20)
	case errors.Is(err, documents.ErrType):
		return v.T("document.problem.type")
	}
	return ""
}

// documentReaders are the roles that see every document; what the others see is what they
// handed in, and what belongs to a book that they may read whole.
func documentReaders() []access.Role {
	return []access.Role{access.Officer, access.Head, access.Administrator, access.Auditor, access.Control}
}

// mayDocument tells whether the visitor may see a document, of which these are the
// hand-ins that he asks for.
func (v *visit) mayDocument(d documents.Document) bool {
	kind, name, _ := strings.Cut(d.About, "/")
	name, _, _ = strings.Cut(name, "/")
	switch {
	case slices.Contains(documentReaders(), v.user.Role), d.By == v.user.Name:
		return true
	case kind == "review":
		return slices.Contains(everybody(), v.user.Role)
	case kind == "register":
		b, ok := v.site.book(name)
		return ok && v.mayRead(b) && v.mayNames(b) && !v.limited()
	}
	return false
}

// documentView is the page of a document.
type documentView struct {
	documents.Document
	Erased bool
	Where  string // address of what it belongs to; may be empty
	Bytes  string
	Kind   string
}

// findDocument reads the last hand-in of a document, if the visitor may see it.
func (v *visit) findDocument(ctx context.Context, tx *storage.Tx) (documents.Document, error) {
	d, err := v.site.Documents.Find(ctx, tx, strings.ToLower(v.r.PathValue("sha")))
	switch {
	case errors.Is(err, documents.ErrNoDocument):
		return d, errNotFound
	case err != nil:
		return d, err
	case !v.mayDocument(d):
		return d, errForbidden
	}
	return d, nil
}

func (s *site) document(v *visit) error {
	if !validHash(v.r.PathValue("sha")) {
		return errNotFound
	}
	var page documentView
	err := s.DB.Read(v.r.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		if page.Document, err = v.findDocument(ctx, tx); err != nil {
			return err
		}
		_, err = s.Documents.Content(ctx, tx, page.SHA256)
		if page.Erased = errors.Is(err, documents.ErrErased); page.Erased {
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	page.Where, page.Bytes, page.Kind = aboutPath(page.About), v.size(page.Size), v.typeWord(page.Type)
	return v.render(view{name: "documento", title: page.Name, menu: "/libros", data: page})
}

// download hands out the content, as a file and never as a page of the portal.
func (s *site) download(v *visit) error {
	if !validHash(v.r.PathValue("sha")) {
		return errNotFound
	}
	var d documents.Document
	var data []byte
	err := s.DB.Read(v.r.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		if d, err = v.findDocument(ctx, tx); err != nil {
			return err
		}
		data, err = s.Documents.Content(ctx, tx, d.SHA256)
		return err
	})
	switch {
	case errors.Is(err, documents.ErrErased):
		v.redirect("/documentos/" + d.SHA256)
		return nil
	case err != nil:
		return err
	}
	v.attachment(d.Name, d.Type)
	v.w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	if _, err := v.w.Write(data); err != nil {
		s.Logger.Debug("client left", "err", err)
	}
	return nil
}

// attachment makes the answer a file to be saved.
func (v *visit) attachment(name, mediaType string) {
	h := v.w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", cmp.Or(mime.FormatMediaType("attachment", map[string]string{"filename": name}), "attachment"))
	// Even if a browser shows it after all, it does nothing.
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
}

// validHash accepts a SHA-256 in hexadecimal.
func validHash(text string) bool {
	return len(text) == 64 && strings.Trim(strings.ToLower(text), "0123456789abcdef") == ""
}

// aboutPath is the page of what a document belongs to, as far as the portal has one.
func aboutPath(about string) string {
	kind, rest, ok := strings.Cut(about, "/")
	section, known := map[string]string{"register": "/libros/", "incident": "/incidencias/", "review": "/revisiones/"}[kind]
	if !ok || !known || rest == "" {
		return ""
	}
	return localPath(section + rest)
}

// size writes a count of bytes for people.
func (t tongue) size(n int64) string {
	switch {
	case n < 1<<10:
		return t.Number(n) + " B"
	case n < 1<<20:
		return t.Number(n>>10) + " KB"
	default:
		return fmt.Sprintf("%d,%d MB", n>>20, (n%(1<<20))*10>>20)
	}
}

// typeWord says of what kind a file is.
func (t tongue) typeWord(mediaType string) string {
	switch {
	case mediaType == "application/pdf":
		return "PDF"
	case strings.HasPrefix(mediaType, "image/"):
		return t.T("document.image")
	case strings.HasPrefix(mediaType, "text/"):
		return t.T("document.text")
	default:
		return t.T("document.office")
	}
}
