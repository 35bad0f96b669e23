package hosttest

import (
	"slices"
	"strings"
)

// isVocabulary tells whether a name is also a word that configuration is made
// of. An account "auth" or a machine "debian" gives nobody away where the word
// means something else, and replacing it there would change what the machine
// is: such names are replaced only where an account or host name must stand.
// So are names too short or too plain to be told from anything else.
func isVocabulary(name string) bool {
	letters := strings.ContainsFunc(name, func(r rune) bool { return r > '9' })
	if len(name) < 3 || !letters {
		return true
	}
	name = strings.ToLower(name)
	for line := range strings.Lines(vocabulary) {
		if slices.Contains(strings.Fields(line), name) {
			return true
		}
	}
	return false
}

// vocabulary: words of the files and keys that checks read.
const vocabulary = `
absent accept access account accounts active admin administrador administrator administrators age alert alias all
allow always any application applications archive audit auth authentication authorization auto autostart
backup backups bash bin bind block boot btrfs bus cache center check cinnamon class client cluster command common
complete computer config configuration console control copia copias core crypt current currentcontrolset
daemon daily dash data database date dconf debian default defaults delay demo deny desktop dev device dict
directory disable disabled disk dns documentos documents domain dominio download downloads enable enabled enforce
enforcing entry equipo error escritorio etc event exec ext4 fail faillock false fedora file files filter firewall
flatpak free gdm gdm3 gid global gnome group groups guest hard hash hidden history home host hostname hosts idle
image include info init input install interface internal invitado invocation issue kde kdm kernel key keys lab
laptop last lib library license light lightdm limit limits linux list local localhost location lock lockout log
login logon mac machine mail main manager mate max media member members memory microsoft min minlen mint mode
model module mount name names net network never nis nobody nologin none normal not ntfs null number object
oficina off operator option optional options other owner package pam panel password passwords path pc permit plugin
policies policy polkit portable power prefix print printer printers private process product profile profiles prog
program prueba public puesto python query quality quiet rand read remember remote required requisite restart retry
role root run saver schedule screen screensaver script secure security server service services servidor session
sessions setting settings sha512 share shared shell show shutdown sid silent site size soft software source spool
sshd sssd start state static status store string sudo sudoers sufficient suspend switch sync system system32
systemd table task temp template term test text theme time timeout timer tmp tools top true try type ubuntu uid
unit unix unknown unlock update user username users usr usuario usuarios value values var version virtual volume
wheel win windows winlogon word work workgroup workstation write xdg xfce xfs xorg xscreensaver yes yescrypt zone
`
