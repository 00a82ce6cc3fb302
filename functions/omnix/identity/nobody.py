"""The hash of a random password that nobody kept; apart, for those who need no argon2 to name it."""

# An unknown address costs the same work as a wrong password.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$tnewH456dnYzhxSzxqEDpQ$ifjB3TeAZMQQYSRQZZe8eLq3T6u/he9SmCt0HbWH2Gk"
