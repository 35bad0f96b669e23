user_pref("mail.identity.id1.useremail", "cultura@ayuntamiento.example");
