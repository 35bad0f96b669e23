user_pref("mail.identity.id1.fullName", "Alguien");
user_pref("mail.identity.id1.useremail", "alguien@hotmail.es");
