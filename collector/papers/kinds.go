package papers

import (
	"fmt"
	"strings"
)

// Kind is what a field tells, as far as persons are concerned.
type Kind string

// The kinds, those that are about persons first.
const (
	account  Kind = "cuenta"
	activity Kind = "uso"
	place    Kind = "ruta"
	found    Kind = "hallado"
	device   Kind = "aparato"
	program  Kind = "programa"
	network  Kind = "red"
	setting  Kind = "ajuste"
	number   Kind = "cantidad"
)

// described is a kind as the papers say it.
type described struct {
	kind           Kind
	what, personal string
}

func kinds() []described {
	return []described{
		{account, "Nombres e identificadores de cuentas (el nombre de usuario, su número o SID, el nombre de la carpeta de su perfil)",
			"Sí: identifican a la persona que usa la cuenta"},
		{activity, "Fechas ligadas a una cuenta o a un equipo: la semana de su último uso, el día de sus accesos fallidos, cuándo se le cambió algo, cuándo se usó una memoria",
			"Sí, cuando la cuenta es de una persona"},
		{place, "Rutas y nombres de carpetas y ficheros, con lo que parezca un identificador tapado",
			"A veces: pueden llevar el nombre de la cuenta o un nombre propio"},
		{found, "De los documentos con datos personales: qué tipos de dato hay y de qué nivel; nunca el dato",
			"No de quien aparece en ellos; sí dice quién los guarda"},
		{device, "El equipo y sus piezas: marca, modelo, números de serie, memorias y discos conectados",
			"Indirectamente, si el equipo es de una sola persona"},
		{program, "Programas, servicios y versiones instalados, y para qué plataforma de nube, mensajería o correo hay un programa preparado",
			"Indirectamente, si el equipo o el perfil es de una sola persona"},
		{network, "Nombres de equipo, dominio, direcciones de red y servidores",
			"Indirectamente"},
		{setting, "Ajustes del sistema y de dónde se leyeron", "No"},
		{number, "Cantidades y respuestas de sí o no", "No por sí solas"},
	}
}

func kindsTable() string {
	var b strings.Builder
	b.WriteString("| Clase | Qué es | ¿Es dato personal del empleado? |\n|---|---|---|\n")
	for _, k := range kinds() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", k.kind, k.what, k.personal)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// neverList is what no check can send, since no field of its facts has a place for it.
func neverList() string {
	return `- el contenido de ningún documento, mensaje o correo, ni un trozo de él;
- ningún dato hallado en un documento (CURP, RFC, DNI, nombre, diagnóstico…), ni un resumen cifrado de él;
- ninguna contraseña, ni la que se escribe mal al entrar, ni un resumen de ella;
- lo que se teclea, lo que se ve en la pantalla, el sonido ni la imagen;
- las páginas que se visitan ni las búsquedas;
- dónde está el equipo;
- cuánto tiempo trabaja cada persona, ni a qué hora entra y sale, salvo lo que dice el anexo en «Lo que sí conviene saber».`
}

// anyCheck are names of fields that mean the same in every check.
func anyCheck() map[string]Kind {
	out := map[string]Kind{}
	for kind, names := range map[Kind]string{
		setting: "source why kind from stopped module none directory hidden reasons level version arch state method scheme " +
			"method_source min_source seconds_source window_source format depth limit damage turn signatures real_time supply " +
			"fs_type type event system reason os_version os_name mode",
		program: "candidate installed publisher package",
		account: "sid profile account user",
	} {
		for name := range strings.FieldsSeq(names) {
			out[name] = kind
		}
	}
	return out
}

// oneCheck are the fields of single checks: "check path", or "domain.* path".
func oneCheck() map[string]Kind {
	out := map[string]Kind{}
	for kind, list := range map[Kind]string{
		account: `
session.screenlock .lockers[].folder
session.logon .blank[]
session.logon .open[]
session.logon .guest_session
accounts.* .accounts[].name
directory.* .accounts[].name
accounts.password_store .linux.files[].owner
accounts.password_store .linux.files[].group
accounts.password_store .linux.weak[].name
accounts.password_store .linux.in_passwd[]
accounts.password_store .windows.reversible_of[]
accounts.lockout .admin_group
accounts.lockout_release .admin_group
accounts.unique .numbers[].names[]
accounts.unique .names[]
accounts.unique .groups[].names[]
accounts.snapshot .accounts[].id
accounts.snapshot .accounts[].privileges[]
accounts.snapshot .closed[]
accounts.privileges .admins[].name
accounts.privileges .admins[].via
accounts.privileges .root[]
accounts.privileges .no_password[].who
accounts.privileges .commands[].who
accounts.privileges .powerful[].name
accounts.privileges .powerful[].via
directory.privileges .admins[].name
directory.privileges .admins[].groups[]
accounts.leavers .looked[]
directory.leavers .looked[]
backup.access .datasets[].readers[]
backup.access .datasets[].writers[]
backup.access .datasets[].mapped[]
directory.* .policies[].applies[]
directory.lockout .locked_now[]
directory.accounts .unlisted[].name
directory.accounts .ending[].name
directory.accounts .idle[].name
personaldata.* .found[].owner
inventory.special_utilities .disk_group[]
auditing.* .log.cleared[].by
auditing.* .log.cleared[].name
auditing.account_changes .changes[].name
auditing.account_changes .changes[].group
auditing.account_changes .changes[].by
auditing.account_changes .changes[].by_name`,
		activity: `
session.screenlock .lockers[].last_use
session.screenlock .lockers[].closed
session.screenlock .awake[].since
session.screenlock .awake[].seen
accounts.password_age .accounts[].changed
directory.password_age .accounts[].changed
accounts.password_first .accounts[].created
accounts.temporary .accounts[].ends
accounts.unique .places[].week
accounts.snapshot .accounts[].used
accounts.snapshot .accounts[].set
accounts.snapshot .accounts[].ends
accounts.snapshot .logs_since
accounts.leavers .used[].at
directory.leavers .accounts[].used
directory.leavers .accounts[].closed_by
directory.leavers .accounts[].open_until
directory.accounts .unlisted[].until
directory.accounts .ending[].until
directory.accounts .idle[].used
directory.accounts .idle[].created
directory.account_changes .since
directory.account_changes .changes[].day
auditing.account_changes .changes[].day
auditing.account_changes .files[].day
auditing.* .log.cleared[].day
auditing.* .log.gaps[].day
auditing.* .log.lost[]
auditing.* .log.since
auditing.failures .days[].day
auditing.failures .accounts[].day
auditing.failures .sources[].day
media.portable .media[].first
media.portable .media[].last
personaldata.* .found[].modified
protection.patches .booted`,
		place: `
accounts.leavers .residues[].where
accounts.password_store .linux.files[].path
accounts.shares .shares[].path
auditing.account_changes .files[].path
backup.* .datasets[].copies
backup.daily .datasets[].pattern
backup.access .datasets[].unresolved[]
backup.access .datasets[].together
inventory.special_utilities .found[].where
inventory.special_utilities .setuid[]
inventory.unauthorised .loose[].name
inventory.unauthorised .loose[].place
personaldata.* .roots[]
personaldata.* .asked[]
personaldata.* .absent[]
personaldata.* .unlisted[]
personaldata.* .found[].path
personaldata.* .found[].folder
personaldata.* .unread[].folder
protection.antivirus .exclusions[].what
tempfiles.access .declared[]
tempfiles.access .open[].path`,
		found: `
personaldata.* .counts{key}
personaldata.* .found[].counts{key}
personaldata.* .found[].categories[]
personaldata.* .files{key}`,
		device: `
inventory.snapshot .hardware.vendor
inventory.snapshot .hardware.model
inventory.snapshot .hardware.serial
inventory.snapshot .hardware.cpu
inventory.snapshot .hardware.disks[].name
inventory.snapshot .hardware.disks[].model
inventory.snapshot .hardware.disks[].serial
inventory.snapshot .volumes[].mount
inventory.snapshot .volumes[].device
inventory.snapshot .interfaces[].name
inventory.snapshot .interfaces[].mac
inventory.special_utilities .open_devices[]
media.portable .media[].vendor
media.portable .media[].model
media.portable .media[].serial
media.portable .media[].volumes[]
session.boot_password .disk
session.boot_password .firmware
session.boot_password .firmware_from
session.disk_encryption .volumes[].mount
session.disk_encryption .volumes[].by`,
		program: `
session.screenlock .desktops[]
session.screenlock .lockers[].locker
session.screenlock .lockers[].desktop
session.screenlock .awake[].program
session.logon .automatic[].program
accounts.privileges .commands[].command
accounts.remote .tools[].name
accounts.remote .tools[].how
accounts.shares .databases[].name
accounts.shares .others[].name
backup.daily .datasets[].seen.store
inventory.channels .channels[].channel
inventory.channels .mail[].program
inventory.snapshot .software[].name
inventory.snapshot .base{key}
inventory.snapshot .base{}[]
inventory.snapshot .services{key}
inventory.snapshot .services{}[]
inventory.special_utilities .added[]
inventory.special_utilities .found[].tool
inventory.special_utilities .found[].name
inventory.special_utilities .found[].how
inventory.special_utilities .found[].sha256
inventory.special_utilities .found[].original
inventory.special_utilities .found[].signer
inventory.unauthorised .programs[].name
protection.antivirus .products[].id
protection.antivirus .products[].name
protection.antivirus .threats[].id
protection.antivirus .threats[].name
protection.clock .heard[].program
protection.clock .starts[]
protection.clock .windows.other
protection.firewall .others[].id
protection.firewall .others[].name
protection.firewall .configured[].tool
protection.firewall .open[].program
protection.patches .pending[].name
protection.patches .missed[].name
protection.patches .restart[]`,
		network: `
accounts.shares .shares[].name
accounts.shares .smb1[]
accounts.shares .anonymous[]
accounts.privileges .open_shares[].name
auditing.failures .sources[].source
directory.* .domain
inventory.channels .channels[].host
inventory.channels .mail[].domain
inventory.snapshot .machine.hostname
inventory.snapshot .machine.domain
protection.firewall .chains[].accepts_from[]
protection.firewall .chains[].accepts_near[]
protection.firewall .open[].port`,
		setting: `
accounts.* .by
session.logon .null_ok[]
accounts.password_blank .nullok[]
accounts.password_store .linux.schemes{key}
accounts.privileges .open_rules[]
accounts.remote .tools_as_of
accounts.remote .ssh.root
accounts.remote .ssh.conditional[].setting
accounts.shares .shares[].strangers
accounts.shares .shares[].accounts
auditing.* .audit{key}
auditing.failures .days[].why{key}
auditing.failures .ssh_level
auditing.* .log.journal
auditing.* .log.store_level
auditing.* .log.syslog
auditing.* .log.syslog_stopped
auditing.* .log.syslog_silent
auditing.* .log.syslog_level
auditing.* .log.when_full
auditing.* .log.cleared[].channel
backup.* .datasets[].name
backup.daily .datasets[].seen.best[].time
backup.daily .datasets[].seen.recent[].time
backup.daily .datasets[].seen.usual.time
backup.daily .datasets[].seen.lock
backup.daily .datasets[].seen.doubtful
backup.daily .datasets[].seen.failed
backup.daily .datasets[].seen.mirror.pending_since
backup.daily .datasets[].seen.mirror.behind_since
backup.daily .datasets[].seen.mirror.written
backup.daily .datasets[].seen.mirror.temp
backup.daily .datasets[].tree.written
backup.daily .datasets[].tree.changed
backup.daily .datasets[].tree.to
backup.daily .datasets[].tree.mounts_why
backup.daily .datasets[].tree.fingerprint
backup.daily .datasets[].server.checkpoint
backup.daily .datasets[].server.time
directory.accounts .register
directory.* .policies[].name
directory.password_store .schemes[]
directory.password_store .crypt
inventory.channels .channels[].account
inventory.snapshot .machine.kernel
inventory.snapshot .hardware.unread[]
inventory.snapshot .digest
inventory.snapshot .parts{key}
inventory.snapshot .parts{}
inventory.special_utilities .list
media.portable .blocked
tempfiles.access .open[].others
protection.antivirus .products[].signature_day
protection.antivirus .products[].scan_day
protection.clock .heard[].day
protection.clock .windows.service
protection.clock .windows.day
protection.firewall .others[].signature_day
protection.firewall .others[].scan_day
protection.firewall .profiles[].name
protection.firewall .profiles[].excluded[]
protection.firewall .service
protection.firewall .wide[].id
protection.firewall .wide[].name
protection.firewall .chains[].family
protection.firewall .chains[].table
protection.firewall .chains[].name
protection.firewall .configured[].inbound
protection.firewall .configured[].inbound6
protection.patches .name
protection.patches .build
protection.patches .updated
protection.patches .made
protection.patches .made_unread
protection.patches .hindered[]
protection.patches .paused
protection.patches .manager
protection.patches .lists
protection.patches .pending[].since
protection.patches .missed[].since
protection.patches .no_parts[]
protection.patches .upgraded
protection.patches .sources[].id
protection.patches .sources[].newest
protection.patches .restart_since`,
	} {
		for line := range strings.Lines(strings.TrimSpace(list)) {
			out[strings.TrimSpace(line)] = kind
		}
	}
	return out
}
