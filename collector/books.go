package collector

import (
	"vigia/collector/registers"
	"vigia/collector/registers/appaccess"
	"vigia/collector/registers/appointments"
	"vigia/collector/registers/assets"
	"vigia/collector/registers/attestations"
	"vigia/collector/registers/cabinets"
	"vigia/collector/registers/grants"
	"vigia/collector/registers/letters"
	"vigia/collector/registers/liaisons"
	"vigia/collector/registers/media"
	"vigia/collector/registers/mediabook"
	"vigia/collector/registers/mediapermits"
	"vigia/collector/registers/movements"
	"vigia/collector/registers/notices"
	"vigia/collector/registers/people"
	"vigia/collector/registers/permits"
	"vigia/collector/registers/plan"
	"vigia/collector/registers/processors"
	"vigia/collector/registers/receipts"
	"vigia/collector/registers/requests"
	"vigia/collector/registers/restores"
	"vigia/collector/registers/software"
	"vigia/collector/registers/systems"
	"vigia/collector/registers/training"
	"vigia/collector/registers/transfers"
	"vigia/collector/registers/waivers"
)

// Books are all registers of the organisation, in the order in which people see them.
func Books() []*registers.Book {
	return registers.Linked(
		people.Book(),
		movements.Book(),
		letters.Book(),
		appointments.Book(),
		systems.Book(),
		grants.Book(),
		appaccess.Book(),
		appaccess.Deliveries(),
		processors.Book(),
		permits.Book(),
		assets.Book(),
		software.Book(),
		media.Book(),
		mediabook.Book(),
		mediapermits.Book(),
		cabinets.Book(),
		requests.Book(),
		notices.Book(),
		transfers.Book(),
		receipts.Book(),
		waivers.Book(),
		attestations.Book(),
		restores.Book(),
		training.Book(),
		liaisons.Book(),
		plan.Book(),
	)
}
