# tpm2-tss
