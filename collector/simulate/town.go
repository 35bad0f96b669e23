package simulate

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
)

// Town is a town hall that never was: its departments, people and machines, and what is
// the matter with each machine on each day. It follows from the seed alone.
type Town struct {
	Departments []string
	People      []Person
	Machines    []Machine
	Days        int
}

// Person is somebody who works there. Days count from 0, the day on which the machines
// were enrolled; Left is the first day on which the person is gone, and 0 means never.
type Person struct {
	Name, Account, Department, Post string
	Joined, Left                    int
	// Slow tells that nobody closed the account in time when the person left.
	Slow bool
}

// Works tells whether the person works there on a day.
func (p Person) Works(day int) bool { return day >= p.Joined && (p.Left == 0 || day < p.Left) }

// Form is what a machine looks like.
type Form string

// The forms.
const (
	Desktop Form = "desktop"
	Laptop  Form = "laptop"
	Server  Form = "server"
)

// Machine is one machine.
type Machine struct {
	Host, Department string
	Form             Form
	Windows          bool
	OSName, OSBuild  string
	Serial           string
	// Users are the people who log on, by their place in Town.People.
	Users []int
	// Datasets are what a server keeps copies of.
	Datasets []string
	// Joined is the day of its enrolment, Left the first on which it is gone; 0: never.
	Joined, Left int
	Troubles     []Trouble
	// number makes its answers differ from those of another.
	number uint64
}

// There tells whether the machine is in use on a day.
func (m Machine) There(day int) bool { return day >= m.Joined && (m.Left == 0 || day < m.Left) }

// Has tells whether something is the matter with the machine on a day.
func (m Machine) Has(kind Kind, day int) bool {
	return slices.ContainsFunc(m.Troubles, func(t Trouble) bool { return t.Kind == kind && day >= t.From && day < t.Until })
}

// Kind is something that can be the matter with a machine.
type Kind string

// The kinds.
const (
	NoLock       Kind = "no_lock"
	SlowLock     Kind = "slow_lock"
	AutoLogon    Kind = "auto_logon"
	OldPassword  Kind = "old_password"
	WeakRules    Kind = "weak_rules"
	NoLockout    Kind = "no_lockout"
	Admins       Kind = "admins"
	OpenShare    Kind = "open_share"
	RemoteTool   Kind = "remote_tool"
	SharedUser   Kind = "shared_user"
	NoAntivirus  Kind = "no_antivirus"
	Unpatched    Kind = "unpatched"
	NoFirewall   Kind = "no_firewall"
	ClockLost    Kind = "clock_lost"
	PersonalData Kind = "personal_data"
	Leftovers    Kind = "leftovers"
	OpenTemp     Kind = "open_temp"
	BadProgram   Kind = "bad_program"
	CloudDrive   Kind = "cloud_drive"
	StrangeUSB   Kind = "strange_usb"
	Unencrypted  Kind = "unencrypted"
	NoCopies     Kind = "no_copies"
	Attacked     Kind = "attacked"
	Off          Kind = "off"
)

// Trouble is something that is the matter with a machine from one day to before another.
type Trouble struct {
	Kind        Kind
	From, Until int
}

// forever ends what nobody mends within the simulation.
const forever = 1 << 30

// NewTown makes the town of a seed.
func NewTown(machines, days int, seed uint64) *Town {
	t := &Town{Departments: departments(), Days: days}
	rng := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a story, and no secret
	t.hire(rng, machines+machines/10+4)
	t.buy(rng, machines)
	t.years(rng, days)
	return t
}

// departments are those of a small town hall.
func departments() []string {
	return []string{
		"Alcaldía", "Secretaría", "Tesorería", "Catastro", "Registro Civil", "Padrón", "Obras Públicas", "Servicios Sociales",
		"Policía Local", "Urbanismo", "Informática", "Cultura", "Recursos Humanos", "Archivo",
	}
}

func givenNames() []string {
	return strings.Fields("Adela Aurelio Beatriz Benito Candela Ciro Dalia Darío Elvira Evaristo Fabiola Fermín Gala Gaspar Herminia Hilario Irene Isidro Jacinta Joel Leonor Lope Maura Melchor Nieves Nicanor Olalla Onésimo Petra Plácido Quima Quirino Rebeca Remigio Salomé Saúl Telma Tadeo Úrsula Ulises Valeria Vidal Ximena Zacarías")
}

func surnames() []string {
	return strings.Fields("Albarrán Baztán Cañizal Doncel Escobedo Fresneda Galarza Hinestrosa Izaguirre Jaramillo Labastida Montejano Navascués Olmedilla Palomares Quesadilla Robledal Sotomonte Tamayor Urdiales Valdehita Ybarrola Zamudiel")
}

func posts() []string {
	return []string{"auxiliar", "administrativo", "técnico", "jefatura", "ventanilla"}
}

// hire gives each department its people.
func (t *Town) hire(rng *rand.Rand, n int) {
	given, family := givenNames(), surnames()
	taken := map[string]int{}
	for i := range n {
		g, f := given[rng.IntN(len(given))], family[rng.IntN(len(family))]
		account := plain(g[:len(firstRune(g))] + f)
		if taken[account]++; taken[account] > 1 {
			account = fmt.Sprintf("%s%d", account, taken[account])
		}
		t.People = append(t.People, Person{
			Name: g + " " + f, Account: account, Department: t.Departments[i%len(t.Departments)], Post: posts()[rng.IntN(len(posts()))],
		})
	}
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// plain writes a name as an account: no accents, lower case.
func plain(name string) string {
	return strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ñ", "n", "ü", "u").Replace(strings.ToLower(name))
}

// buy gives each department its machines: two or three servers for the whole, a sixth of
// the others laptops, one in ten with Linux.
func (t *Town) buy(rng *rand.Rand, n int) {
	servers := min(max(1, n/40), 12)
	counts := map[string]int{}
	sets := [][]string{{"padron"}, {"contabilidad", "catastro"}, {"expedientes"}, {"registro-civil"}, {"correo"}}
	for i := range n {
		m := Machine{number: uint64(i), Serial: fmt.Sprintf("SIM-%05d", i+1)}
		switch {
		case i < servers:
			m.Form, m.Department = Server, "Informática"
			m.Host = fmt.Sprintf("srv-%02d", i+1)
			for _, name := range sets[i%len(sets)] {
				if again := i / len(sets); again > 0 {
					name = fmt.Sprintf("%s-%d", name, again+1)
				}
				m.Datasets = append(m.Datasets, name)
			}
			m.Windows = i%2 == 1
		default:
			m.Department = t.Departments[rng.IntN(len(t.Departments))]
			counts[m.Department]++
			m.Host = fmt.Sprintf("%s-%02d", plain(strings.Fields(m.Department)[0]), counts[m.Department])
			m.Windows = rng.IntN(10) > 0
			m.Form = Desktop
			if rng.IntN(6) == 0 {
				m.Form = Laptop
			}
		}
		m.system(rng)
		t.Machines = append(t.Machines, m)
	}
	t.seat(rng)
}

func (m *Machine) system(rng *rand.Rand) {
	switch {
	case m.Windows && m.Form == Server:
		m.OSName, m.OSBuild = "Microsoft Windows Server 2022 Standard", "10.0.20348.2849"
	case m.Windows && rng.IntN(5) == 0:
		m.OSName, m.OSBuild = "Microsoft Windows 10 Pro", "10.0.19045.6456"
	case m.Windows:
		m.OSName, m.OSBuild = "Microsoft Windows 11 Pro", "10.0.26200.9903"
	default:
		m.OSName, m.OSBuild = "debian", "13.1"
	}
}

// seat gives each machine one or two people of its department.
func (t *Town) seat(rng *rand.Rand) {
	of := map[string][]int{}
	for i, p := range t.People {
		of[p.Department] = append(of[p.Department], i)
	}
	turn := map[string]int{}
	for i := range t.Machines {
		m := &t.Machines[i]
		people := of[m.Department]
		if m.Form == Server || len(people) == 0 {
			continue
		}
		for range 1 + rng.IntN(2) {
			who := people[turn[m.Department]%len(people)]
			turn[m.Department]++
			if !slices.Contains(m.Users, who) {
				m.Users = append(m.Users, who)
			}
		}
	}
}

// chance is how often something is the matter with a machine when it is enrolled, and how
// often it begins on one of its later days, both in parts of 10,000, and how many days it
// lasts about.
type chance struct {
	kind         Kind
	first, daily int
	lasts        int
	suits        func(Machine) bool
}

func chances() []chance {
	pc := func(m Machine) bool { return m.Form != Server }
	windows := func(m Machine) bool { return m.Form != Server && m.Windows }
	return []chance{
		{NoLock, 2600, 6, 20, pc},
		{SlowLock, 1500, 2, 30, windows},
		{AutoLogon, 500, 1, 25, pc},
		{OldPassword, 5200, 12, 30, nil},
		{WeakRules, 4400, 1, 40, nil},
		{NoLockout, 4800, 1, 40, nil},
		{Admins, 1700, 3, 25, pc},
		{OpenShare, 700, 1, 20, nil},
		{RemoteTool, 1100, 4, 12, windows},
		{SharedUser, 900, 1, 40, pc},
		{NoAntivirus, 800, 5, 6, windows},
		{Unpatched, 3600, 25, 18, nil},
		{NoFirewall, 900, 2, 10, nil},
		{ClockLost, 300, 2, 5, nil},
		{PersonalData, 4200, 18, 25, pc},
		{Leftovers, 2500, 12, 20, pc},
		{OpenTemp, 600, 1, 30, nil},
		{BadProgram, 1500, 8, 14, pc},
		{CloudDrive, 1400, 6, 14, pc},
		{StrangeUSB, 2200, 25, 30, pc},
		{Unencrypted, 5500, 0, forever, func(m Machine) bool { return m.Form == Laptop }},
		{NoCopies, 3000, 60, 3, func(m Machine) bool { return m.Form == Server }},
		{Attacked, 0, 8, 2, nil},
		{Off, 0, 35, 6, pc},
	}
}

// years lets the days go by: people come and go, machines fail, are mended, bought and
// thrown away. What was found at the enrolment is mended within the first half year as a
// rule, some of it never.
func (t *Town) years(rng *rand.Rand, days int) {
	for i := range t.People {
		p := &t.People[i]
		switch {
		case rng.IntN(14) == 0:
			p.Joined = 20 + rng.IntN(max(1, days-30))
		case rng.IntN(12) == 0:
			p.Left, p.Slow = 25+rng.IntN(max(1, days-30)), rng.IntN(3) == 0
		}
	}
	for i := range t.Machines {
		m := &t.Machines[i]
		own := rand.New(rand.NewPCG(rng.Uint64(), m.number)) //nolint:gosec // as above
		if m.Form != Server {
			switch {
			case own.IntN(20) == 0:
				m.Joined = 15 + own.IntN(max(1, days-20))
			case own.IntN(25) == 0:
				m.Left = 30 + own.IntN(max(1, days-30))
			}
		}
		for _, c := range chances() {
			if c.suits == nil || c.suits(*m) {
				m.suffer(own, c, days)
			}
		}
	}
}

func (m *Machine) suffer(rng *rand.Rand, c chance, days int) {
	day := m.Joined
	if rng.IntN(10_000) < c.first {
		until := forever
		if rng.IntN(8) > 0 && c.lasts != forever {
			until = day + 10 + rng.IntN(170)
		}
		m.Troubles = append(m.Troubles, Trouble{c.kind, day, until})
		day = until
	}
	if c.daily == 0 {
		return
	}
	for day < days {
		// The days until the next time, as rare events come.
		day += 1 + int(rng.ExpFloat64()*10_000/float64(c.daily))
		until := day + 1 + int(rng.ExpFloat64()*float64(c.lasts))
		if day < days {
			m.Troubles = append(m.Troubles, Trouble{c.kind, day, until})
		}
		day = until
	}
}

// pick answers a number below n that stays the same for a machine and a matter.
func (m Machine) pick(matter string, n int) int {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", m.number, matter)
	return int(h.Sum64() % uint64(n))
}
