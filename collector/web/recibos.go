package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/paper"
	"vigia/collector/registers"
	"vigia/collector/registers/receipts"
	"vigia/collector/storage"
)

// Receipts of deliveries: the file is looked at, its receipt is written and printed. What
// is sent here is read in memory and kept nowhere but as its size, its count and its hash.

func (s *site) receiptRoutes() []route {
	serve := rolesOf(receipts.Book().Writers)
	return []route{
		{method: "GET", path: "/recibos", roles: serve, serve: s.receipts},
		{method: "POST", path: "/recibos", roles: serve, body: 2*maxUpload + maxBody, serve: s.makeReceipt},
		{method: "GET", path: "/recibos/{folio}", roles: receiptReaders(), serve: s.receiptPaper},
	}
}

// receiptReaders see a receipt, which names who signs it.
func receiptReaders() []access.Role {
	return []access.Role{access.Officer, access.Administrator, access.Transparency, access.Head, access.Auditor, access.Control}
}

// receiptsView is the page.
type receiptsView struct {
	Problem string
	Check   *checkView
	Months  []monthRow
	Last    []receiptRow
	Form    map[string]string
	Today   string
	MB      int
}

// checkView is what came of looking at the lines of a file.
type checkView struct {
	Lines, Records int64
	Faults         []faultRow
}

type faultRow struct {
	Says  string
	Count int64
	Lines string
}

// monthRow is a month whose delivery is due.
type monthRow struct {
	Period, Folio, Path string
	Due                 time.Time
	Late, Done          bool
}

// receiptRow is a receipt in the list.
type receiptRow struct {
	receipts.Receipt
	Text string
}

// monthsBack is how many months the page looks back.
const monthsBack = 3

func (s *site) receipts(v *visit) error { return v.renderReceipts(receiptsView{}) }

func (v *visit) renderReceipts(page receiptsView) error {
	s, b := v.site, receipts.Book()
	var rows []registers.Row
	var months []receipts.Month
	err := s.read(v.r.Context(), "the receipts", func(ctx context.Context, tx *storage.Tx) (err error) {
		if s.Registers == nil {
			return nil
		}
		if rows, err = s.Registers.Rows(ctx, tx, b); err != nil {
			return err
		}
		var all []receipts.Receipt
		for _, row := range rows {
			r, err := receipts.Of(row)
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		packs, err := s.Chosen(ctx, tx)
		if err != nil {
			return err
		}
		cal, err := s.Worktime(ctx, tx)
		if err != nil {
			return err
		}
		months, err = receipts.Months(all, packs, cal, v.now.AddDate(0, -monthsBack, 0), v.now)
		const most = 50
		for i := len(all) - 1; i >= 0 && len(page.Last) < most; i-- {
			page.Last = append(page.Last, receiptRow{all[i], b.FolioText(all[i].Folio)})
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, month := range slices.Backward(months) {
		m := monthRow{Period: month.Period, Due: month.Due, Late: month.Late, Done: month.Receipt.Folio > 0}
		if m.Done {
			m.Folio = b.FolioText(month.Receipt.Folio)
			m.Path = "/recibos/" + m.Folio
		}
		page.Months = append(page.Months, m)
	}
	page.Today = v.now.In(v.zone).Format("2006-01-02T15:04")
	page.MB = maxUpload >> 20
	if page.Form == nil {
		page.Form = map[string]string{}
	}
	return v.render(view{name: "recibos", title: v.T("receipts.title"), menu: "/libros", data: page})
}

// receiptFields are those that a person fills in.
func receiptFields() []string {
	return []string{"delivered", "place", "recipient", "period", "giver", "giver_post", "receiver", "receiver_post", "records"}
}

func (s *site) makeReceipt(v *visit) error {
	page := receiptsView{Form: map[string]string{}}
	refuse := func(problem string) error {
		page.Problem, v.status = problem, http.StatusUnprocessableEntity
		return v.renderReceipts(page)
	}
	if !v.multipart() {
		return refuse(v.T("receipts.large"))
	}
	b := receipts.Book()
	values := registers.Values{}
	for _, name := range receiptFields() {
		f, _ := b.Field(name)
		page.Form[name] = v.r.PostForm.Get(inputName(name))
		value, problem := f.Parse(page.Form[name], v.zone)
		if problem != nil {
			return refuse(f.Label.In(v.Lang) + ": " + b.Say(v.Lang, *problem))
		}
		values[name] = value
	}
	container, err := v.file("archivo")
	if err != nil {
		return err
	}
	if container == nil {
		return refuse(v.T("receipts.no_file"))
	}
	kind, err := receipts.Inspect(bytes.NewReader(container.Data), int64(len(container.Data)))
	if code := receipts.Code(err); code != "" {
		return refuse(b.Say(v.Lang, registers.Problem{Code: code}))
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(container.Data)
	values["file"], values["bytes"], values["hash"] = receiptFile(container.Name), strconv.Itoa(len(container.Data)), hex.EncodeToString(sum[:])
	values["container"], values["checked"] = string(kind), "not_read"
	text, err := v.file("texto")
	if err != nil {
		return err
	}
	if text != nil {
		check, err := receipts.Validate(bytes.NewReader(text.Data), v.now.In(v.zone))
		if err != nil {
			return err
		}
		if !check.Good() {
			page.Check = v.checkView(check)
			return refuse(v.T("receipts.bad_lines"))
		}
		values["checked"], values["records"] = "good", strconv.FormatInt(check.Records, 10)
	}
	for name, value := range values {
		if value == "" {
			delete(values, name)
		}
	}
	var row registers.Row
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		row, err = s.Registers.Add(ctx, tx, b, values, v.act(""))
		return err
	})
	if invalid, ok := errors.AsType[*registers.InvalidError](err); ok {
		var says []string
		for _, p := range invalid.Problems {
			f, _ := b.Field(p.Field)
			says = append(says, f.Label.In(v.Lang)+": "+b.Say(v.Lang, p))
		}
		return refuse(strings.Join(says, "; "))
	}
	if err != nil {
		return fmt.Errorf("write a receipt: %w", err)
	}
	return v.done("/recibos", v.T("receipts.made", "folio", b.FolioText(row.Folio)))
}

// receiptFile is the name of a file without what some browsers put before it.
func receiptFile(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	return cmp.Or(strings.TrimSpace(strings.ToValidUTF8(name, "")), "archivo")
}

// ellipsis stands for the rest of a list.
const ellipsis = "…"

// checkView words what is wrong with lines.
func (v *visit) checkView(c receipts.Check) *checkView {
	out := &checkView{Lines: c.Lines, Records: c.Records}
	for _, f := range receipts.Faults() {
		lines, ok := c.Faults[f.Fault]
		if !ok {
			continue
		}
		var numbers []string
		for _, n := range lines.First {
			numbers = append(numbers, strconv.FormatInt(n, 10))
		}
		if lines.Count > int64(len(numbers)) {
			numbers = append(numbers, ellipsis)
		}
		row := faultRow{Says: f.Says.In(v.Lang), Count: lines.Count}
		row.Lines = strings.Join(numbers, ", ")
		out.Faults = append(out.Faults, row)
	}
	return out
}

func (s *site) receiptPaper(v *visit) error {
	b := receipts.Book()
	folio, ok := b.ParseFolio(v.r.PathValue("folio"))
	if !ok || s.Registers == nil {
		return errNotFound
	}
	var row registers.Row
	err := s.read(v.r.Context(), "a receipt", func(ctx context.Context, tx *storage.Tx) (err error) {
		row, err = s.Registers.Row(ctx, tx, b, folio)
		return err
	})
	switch {
	case errors.Is(err, registers.ErrNoRow):
		return errNotFound
	case err != nil:
		return err
	}
	pdf := v.r.URL.Query().Get("formato") != "docx"
	data, err := ReceiptPaper(row, s.Organisation, v.zone, pdf)
	if err != nil {
		return err
	}
	name := "recibo-" + b.FolioText(folio)
	if pdf {
		return v.download(name+".pdf", "application/pdf", data)
	}
	return v.download(name+".docx", typeDOCX, data)
}

// ReceiptPaper is the receipt of a row of the book, in Spanish, to be signed by both: as a
// PDF with boxes to sign in, or else as a document of words.
func ReceiptPaper(row registers.Row, organisation string, zone *time.Location, pdf bool) ([]byte, error) {
	r, err := receipts.Of(row)
	if err != nil {
		return nil, err
	}
	b := receipts.Book()
	show := func(name string) string {
		f, _ := b.Field(name)
		return paper.Escape(f.Show(row.Values[name], message.Spanish, zone))
	}
	folio := b.FolioText(r.Folio)
	var out strings.Builder
	fmt.Fprintf(&out, "# Recibo de entrega de datos\n\n**Folio:** %s\n\n", folio)
	fmt.Fprintf(&out, "%s entrega a %s el archivo que se describe. Contiene datos personales: quien lo recibe responde de ellos desde este momento.\n\n",
		paper.Escape(cmp.Or(organisation, "La institución")), paper.Escape(r.Recipient))
	out.WriteString("| Dato | Valor |\n|---|---|\n")
	for _, name := range []string{"delivered", "place", "period", "file", "bytes", "records", "container", "checked", "hash"} {
		f, _ := b.Field(name)
		if row.Values[name] != "" {
			fmt.Fprintf(&out, "| %s | %s |\n", f.Label.ES, show(name))
		}
	}
	fmt.Fprintf(&out, "\n**Entrega:** %s, %s\n\n**Recibe:** %s, %s\n\n", show("giver"), show("giver_post"), show("receiver"), show("receiver_post"))
	out.WriteString("La huella SHA-256 identifica el archivo: quien lo recibe puede calcularla y comprobar que es el mismo. La contraseña se comunica por otro medio.\n")
	if !pdf {
		out.WriteString("\n[Firma de quien entrega]\n\n[Firma de quien recibe]\n")
		return paper.DOCX(out.String(), organisation)
	}
	return paper.PDF(out.String(), organisation, paper.Options{At: row.At.In(zone), Footer: organisation, Mark: folio,
		Sign: []paper.Signature{{Role: "Entrega: " + r.GiverPost, Name: r.Giver}, {Role: "Recibe: " + r.ReceiverPost, Name: r.Receiver}}})
}
