package web

import (
	"fmt"
	"slices"
	"strings"

	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/paper"
	"vigia/collector/registers"
	"vigia/collector/registers/requests"
)

// Letters to the person who asked: drafts in Spanish, whatever the language of the portal,
// with blanks for what the book does not keep, the person's name first of all.

func (s *site) requestReceipt(v *visit) error { return v.letter("acuse", v.receiptLetter) }
func (s *site) requestAnswer(v *visit) error  { return v.letter("respuesta", v.answerLetter) }

// letter sends a draft as a document.
func (v *visit) letter(name string, compose func(a arco, row registers.Row, sum requestSummary, terms []requests.Term) string) error {
	a, row, err := v.oneRequest()
	if err != nil {
		return err
	}
	v.Lang = message.Spanish
	sum, terms, err := v.summary(a, row)
	if err != nil {
		return err
	}
	data, err := paper.DOCX(compose(a, row, sum, terms), v.site.Organisation)
	if err != nil {
		return fmt.Errorf("letter of %s: %w", sum.Text, err)
	}
	return v.download(name+"-"+sum.Text+".docx", typeDOCX, data)
}

// letterHead begins every letter.
func (v *visit) letterHead(title string, sum requestSummary) string {
	org := paper.Escape(v.site.Organisation)
	if org == "" {
		org = "[Nombre de la institución]"
	}
	return fmt.Sprintf("# %s\n\n%s\n\n**Folio:** %s\n\n**Lugar y fecha:** [lugar], %s\n\n**Para:** [nombre de la persona o de su representante]\n\n",
		title, org, sum.Text, v.Day(v.now))
}

const letterFoot = "\n\n[Nombre, cargo y firma de quien atiende]\n\n[Sello]\n"

// dueOf writes the end of a term with its articles.
func (v *visit) dueOf(terms []requests.Term, id string) (day, law string, ok bool) {
	i := slices.IndexFunc(terms, func(t requests.Term) bool { return t.ID == id && !t.Due.IsZero() })
	if i < 0 {
		return "", "", false
	}
	var cites []string
	for _, c := range terms[i].Law.Cites {
		cites = append(cites, c.Source+", art. "+c.Article)
	}
	return v.Day(terms[i].Due), strings.Join(cites, "; "), true
}

func (v *visit) receiptLetter(_ arco, row registers.Row, sum requestSummary, terms []requests.Term) string {
	var out strings.Builder
	out.WriteString(v.letterHead("Acuse de recibo de solicitud", sum))
	fmt.Fprintf(&out, "Se recibió el %s su solicitud de **%s** sobre datos personales.\n\n", v.Moment(sum.Received).Text, strings.ToLower(sum.Asks))
	if day, law, ok := v.dueOf(terms, policy.RequestAnswer); ok {
		fmt.Fprintf(&out, "La respuesta se le dará a más tardar el **%s**", day)
		if law != "" {
			fmt.Fprintf(&out, " (%s)", paper.Escape(law))
		}
		out.WriteString(". Si hiciera falta ampliar el plazo, se le avisará antes de esa fecha con las razones.\n\n")
	}
	if day, _, ok := v.dueOf(terms, policy.RequestComplete); ok && sum.Asked == "" {
		fmt.Fprintf(&out, "Si faltara algún dato para atenderla, se le pedirá a más tardar el %s.\n\n", day)
	}
	if sum.Identity == "pending" {
		out.WriteString("Para recibir la respuesta deberá acreditar su identidad o, en su caso, la representación con que actúa.\n\n")
	}
	if f, ok := requests.Book().Field("channel"); ok {
		fmt.Fprintf(&out, "**Medio por el que se recibió:** %s\n\n", f.Show(row.Values["channel"], message.Spanish, v.zone))
	}
	out.WriteString("El trámite es gratuito. Conserve este acuse: con el folio puede preguntar en cualquier momento cómo va su solicitud en [domicilio, teléfono y correo de la oficina].\n")
	out.WriteString(letterFoot)
	return out.String()
}

func (v *visit) answerLetter(_ arco, row registers.Row, sum requestSummary, terms []requests.Term) string {
	var out strings.Builder
	out.WriteString(v.letterHead("Respuesta a solicitud de derechos sobre datos personales", sum))
	fmt.Fprintf(&out, "En relación con su solicitud de **%s**, recibida el %s, se le comunica:\n\n", strings.ToLower(sum.Asks), v.Day(sum.Received))
	switch {
	case sum.NotCompetent != "":
		fmt.Fprintf(&out, "Esta institución no es la competente para atenderla. Puede presentarla ante **%s**.\n\n", paper.Escape(sum.Referred))
	case sum.Outcome == "":
		out.WriteString("[Procede / procede en parte / no procede / no hay datos de la persona]\n\n[Fundamento y motivos]\n\n")
	default:
		f, _ := requests.Book().Field("outcome")
		fmt.Fprintf(&out, "**%s.**\n\n", f.Show(string(sum.Outcome), message.Spanish, v.zone))
		if sum.OutcomeWhy != "" {
			for line := range strings.SplitSeq(sum.OutcomeWhy, "\n") {
				out.WriteString(paper.Escape(line) + "\n\n")
			}
		}
	}
	if sum.Extended != "" {
		fmt.Fprintf(&out, "El plazo se amplió el %s: %s\n\n", v.DayOf(sum.Extended), paper.Escape(sum.ExtensionWhy))
	}
	if sum.Outcome == requests.Granted || sum.Outcome == requests.Partly {
		if day, law, ok := v.dueOf(terms, policy.RequestExecute); ok {
			fmt.Fprintf(&out, "Lo concedido se hará efectivo a más tardar el **%s**", day)
			if law != "" {
				fmt.Fprintf(&out, " (%s)", paper.Escape(law))
			}
			out.WriteString(".\n\n")
		}
		if slices.Contains(sum.Kinds, "portability") {
			out.WriteString("Los datos se le entregan en un formato estructurado y de uso común: [formato y medio de entrega].\n\n")
		}
	}
	out.WriteString("Si no está conforme, puede acudir ante [autoridad garante o de control] en el plazo de [plazo] desde que reciba esta respuesta.\n")
	out.WriteString(letterFoot)
	return out.String()
}
