package directory

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

// covers is the same whatever system the chosen agent runs on.
func covers(sources []string, missing, byHand message.Text) map[host.OS]checks.Coverage {
	c := checks.Coverage{Sources: sources, Missing: missing, ByHand: byHand}
	return map[host.OS]checks.Coverage{host.Windows: c, host.Linux: c}
}

// ruleCovers is for a rule of the domain's, the fine-grained and OpenLDAP's policies.
func ruleCovers(domain, settings, openldap string) map[host.OS]checks.Coverage {
	return covers(
		[]string{"LDAP: dominio " + domain, "LDAP: msDS-PasswordSettings " + settings, "LDAP: msDS-PSOApplied", "LDAP: pwdPolicy " + openldap, "LDAP: pwdPolicySubentry", "LDAP: cn=config olcPPolicyDefault"},
		say("sin permiso sobre Password Settings Container (o cn=config en OpenLDAP) la respuesta es «no se sabe»; no se miran otros dominios del bosque ni 389 Directory Server o FreeIPA",
			"without rights over the Password Settings Container (or cn=config in OpenLDAP) the answer is unknown; other domains of the forest, 389 Directory Server and FreeIPA are not looked at"),
		say("en un controlador de dominio, PowerShell: Get-ADDefaultDomainPasswordPolicy y Get-ADFineGrainedPasswordPolicy -Filter *; en OpenLDAP: ldapsearch '(objectClass=pwdPolicy)'",
			"on a domain controller, PowerShell: Get-ADDefaultDomainPasswordPolicy and Get-ADFineGrainedPasswordPolicy -Filter *; in OpenLDAP: ldapsearch '(objectClass=pwdPolicy)'"))
}

func lengthCovers() map[host.OS]checks.Coverage {
	return ruleCovers("minPwdLength", "msDS-MinimumPasswordLength", "pwdMinLength, pwdCheckQuality")
}

func compositionCovers() map[host.OS]checks.Coverage {
	return ruleCovers("pwdProperties", "msDS-PasswordComplexityEnabled", "pwdCheckModule, pwdUseCheckModule")
}

func historyCovers() map[host.OS]checks.Coverage {
	return ruleCovers("pwdHistoryLength, minPwdAge", "msDS-PasswordHistoryLength, msDS-MinimumPasswordAge", "pwdInHistory, pwdMinAge")
}

func lockoutCovers() map[host.OS]checks.Coverage {
	return ruleCovers("lockoutThreshold, lockOutObservationWindow; usuarios lockoutTime, msDS-User-Account-Control-Computed", "msDS-LockoutThreshold, msDS-LockoutObservationWindow", "pwdLockout, pwdMaxFailure, pwdFailureCountInterval; pwdAccountLockedTime")
}

func releaseCovers() map[host.OS]checks.Coverage {
	return ruleCovers("lockoutDuration", "msDS-LockoutDuration", "pwdLockoutDuration")
}

func ageCovers() map[host.OS]checks.Coverage {
	return covers(
		[]string{"LDAP: dominio maxPwdAge", "LDAP: msDS-PasswordSettings msDS-MaximumPasswordAge", "LDAP: usuarios pwdLastSet, userAccountControl",
			"LDAP: pwdPolicy pwdMaxAge", "LDAP: pwdChangedTime, pwdReset, shadowLastChange"},
		say("si la cuenta de lectura no ve alguna unidad, la respuesta es «no se sabe»; las contraseñas de equipos y cuentas administradas (gMSA), que cambian solas",
			"if the reading account does not see a unit the answer is unknown; the passwords of computers and managed accounts (gMSA), which change by themselves"),
		say("PowerShell: Get-ADUser -Filter 'Enabled -eq $true' -Properties PasswordLastSet,PasswordNeverExpires | Sort PasswordLastSet; en OpenLDAP: ldapsearch '(uid=*)' pwdChangedTime",
			"PowerShell: Get-ADUser -Filter 'Enabled -eq $true' -Properties PasswordLastSet,PasswordNeverExpires | Sort PasswordLastSet; in OpenLDAP: ldapsearch '(uid=*)' pwdChangedTime"))
}

func blankCovers() map[host.OS]checks.Coverage {
	return covers([]string{"LDAP: userAccountControl (PASSWD_NOTREQD)"},
		say("si una contraseña está de verdad en blanco no se puede leer, y el agente no prueba ninguna", "whether a password is really blank cannot be read, and the agent tries none"),
		say("PowerShell: Get-ADUser -Filter 'PasswordNotRequired -eq $true -and Enabled -eq $true'", "PowerShell: Get-ADUser -Filter 'PasswordNotRequired -eq $true -and Enabled -eq $true'"))
}

func storeCovers() map[host.OS]checks.Coverage {
	return covers(
		[]string{"LDAP: dominio pwdProperties", "LDAP: msDS-PasswordSettings msDS-PasswordReversibleEncryptionEnabled", "LDAP: userAccountControl (ENCRYPTED_TEXT_PWD_ALLOWED, USE_DES_KEY_ONLY)",
			"LDAP: cn=config olcPasswordHash, olcPasswordCryptSaltFormat, olcPPolicyHashCleartext", "LDAP: (userPassword=*)"},
		say("los resúmenes guardados no se leen: de una contraseña antigua no se sabe con qué esquema se guardó", "the kept hashes are not read: with which scheme an old password is kept is not known"),
		say("PowerShell: Get-ADDefaultDomainPasswordPolicy (ReversibleEncryptionEnabled) y Get-ADUser -Filter 'AllowReversiblePasswordEncryption -eq $true'; en OpenLDAP: olcPasswordHash en cn=config",
			"PowerShell: Get-ADDefaultDomainPasswordPolicy (ReversibleEncryptionEnabled) and Get-ADUser -Filter 'AllowReversiblePasswordEncryption -eq $true'; in OpenLDAP: olcPasswordHash in cn=config"))
}

func accountsCovers() map[host.OS]checks.Coverage {
	return covers([]string{"LDAP: lastLogonTimestamp, whenCreated, userAccountControl", "LDAP: authTimestamp, pwdLastSuccess, createTimestamp"},
		say("Active Directory anota el último inicio con hasta 14 días de retraso, y se cuenta a favor de la cuenta; OpenLDAP solo lo anota con olcLastBind",
			"Active Directory notes the last log-on up to 14 days late, which is counted in the account's favour; OpenLDAP notes it only with olcLastBind"),
		say("PowerShell: Search-ADAccount -AccountInactive -UsersOnly -TimeSpan 104.00:00:00", "PowerShell: Search-ADAccount -AccountInactive -UsersOnly -TimeSpan 104.00:00:00"))
}

func leaverCovers() map[host.OS]checks.Coverage {
	return covers([]string{"LDAP: userAccountControl, accountExpires, lastLogonTimestamp, userPrincipalName, replPropertyMetaData", "LDAP: nTSecurityDescriptor, tokenGroups",
		"LDAP: pwdAccountLockedTime, pwdEndTime, shadowExpire, pwdLastSuccess, modifyTimestamp", "LDAP: cn=config olcAccess, olcRootDN"},
		say("el directorio dice cuándo cambió por última vez lo que cierra la cuenta: si fue pasado el plazo no se sabe si se cerró antes; un uso posterior a la baja se ve con hasta 14 días de retraso; una cuenta que el registro escribe de otra forma no se encuentra",
			"the directory tells when what closes the account was last changed: if that was after the time allowed, whether it was closed before is not known; a use after leaving shows up to 14 days late; an account that the register writes otherwise is not found"),
		say("PowerShell: Get-ADUser CUENTA -Properties Enabled,LastLogonDate,whenChanged", "PowerShell: Get-ADUser ACCOUNT -Properties Enabled,LastLogonDate,whenChanged"))
}

func privilegeCovers() map[host.OS]checks.Coverage {
	return covers([]string{"LDAP: objectSid (RID 512, 518, 519; S-1-5-32-544)", "LDAP: memberOf (LDAP_MATCHING_RULE_IN_CHAIN), member, primaryGroupID"},
		say("permisos delegados sobre unidades organizativas y otros grupos con poder (Operadores de cuentas); con un miembro de otro dominio del bosque la respuesta es «no se sabe»; OpenLDAP no dice quién lo administra",
			"rights delegated over organisational units and other powerful groups (Account Operators); a member of another domain of the forest makes the answer unknown; OpenLDAP does not tell who administers it"),
		say("PowerShell: Get-ADGroupMember -Recursive (Get-ADGroup -Filter * | Where SID -like '*-512'); lo mismo con 518, 519 y S-1-5-32-544",
			"PowerShell: Get-ADGroupMember -Recursive (Get-ADGroup -Filter * | Where SID -like '*-512'); the same with 518, 519 and S-1-5-32-544"))
}

func changeCovers() map[host.OS]checks.Coverage {
	return covers([]string{"LDAP: whenCreated, whenChanged, replPropertyMetaData (userAccountControl, accountExpires, sAMAccountName)", "LDAP: createTimestamp, modifyTimestamp"},
		say("las cuentas borradas y los grupos no se ven aquí (quién administra el dominio lo mira AC-LEASTPRIV): con un agente en el controlador de dominio sí; del directorio solo se sabe el último cambio de cada clase, y no quién lo hizo; en OpenLDAP no se sabe qué cambió",
			"removed accounts and groups are not seen here (who administers the domain, AC-LEASTPRIV looks at): with an agent on the domain controller they are; of the directory only the last change of each kind is known, and not who made it; in OpenLDAP what was changed is not known"),
		say("PowerShell: Get-ADUser -Filter 'whenChanged -gt FECHA' -Properties whenCreated,whenChanged,Enabled; el detalle, con repadmin /showobjmeta; en OpenLDAP: ldapsearch '(modifyTimestamp>=AAAAMMDD000000Z)' createTimestamp modifyTimestamp modifiersName",
			"PowerShell: Get-ADUser -Filter 'whenChanged -gt DATE' -Properties whenCreated,whenChanged,Enabled; in detail, with repadmin /showobjmeta; in OpenLDAP: ldapsearch '(modifyTimestamp>=YYYYMMDD000000Z)' createTimestamp modifyTimestamp modifiersName"))
}
