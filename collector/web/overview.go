package web

import (
	"context"
	"slices"

	"vigia/checks"
	"vigia/collector/findings"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// overviewView is the organisation at a glance: a picture, then the numbers.
type overviewView struct {
	town
	Ring   ring
	Legend []legendRow
	Bars   []controlBar
	Trend  trend
	// Attention are machines that fail or that nobody hears of, More how many
	// there are besides.
	Attention []machineRow
	More      int
	// Begun tells that there is a measurement of any machine.
	Begun bool
}

type legendRow struct {
	Status checks.Status
	N      int
}

type controlBar struct {
	controlRow
	Title string
	Bar   bar
}

// maxAttention bounds the list of machines on the first page.
const maxAttention = 8

func (s *site) overview(v *visit) error {
	now := s.Now()
	var r rows
	var counts []findings.Count
	period := reviews.PeriodOf(now, s.Zone)
	err := s.read(v.r.Context(), "the organisation", func(ctx context.Context, tx *storage.Tx) (err error) {
		if r, err = s.readRows(ctx, tx, now); err != nil {
			return err
		}
		counts, err = s.Findings.Trend(ctx, tx, period.Begin(), now)
		return err
	})
	if err != nil {
		return err
	}
	counts = slices.DeleteFunc(counts, func(c findings.Count) bool { return !v.sees(c.Department) })
	page := overviewView{town: makeTown(v.within(r), s.Laws, now, s.Zone)}
	page.Ring = makeRing(page.Whole)
	page.Begun = page.Whole.Asked() > 0
	for _, status := range drawn() {
		page.Legend = append(page.Legend, legendRow{Status: status, N: page.Whole[status]})
	}
	for _, c := range page.Controls {
		page.Bars = append(page.Bars, controlBar{controlRow: c, Title: c.Title.In(v.Lang), Bar: makeBar(v.tongue, c.Counts)})
	}
	page.Trend = makeTrend(counts, period.Begin(), period.End(), now)
	for _, m := range page.Machines {
		if (m.Condition != reviews.Silent || m.Away) && m.Condition != reviews.Never && m.Counts[checks.Fail] == 0 {
			continue
		}
		if len(page.Attention) == maxAttention {
			page.More++
			continue
		}
		page.Attention = append(page.Attention, m)
	}
	return v.render(view{name: "resumen", title: v.T("overview.title"), menu: "/", data: page})
}
