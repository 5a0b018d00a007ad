/** The lifetime of an access token, in seconds. */
export const accessTokenSeconds = 15 * 60;

/** The audience of every access token: all apps of an installation (RFC 9068 section 3). */
export const audience = "quintet";

/** The id of the built-in public client, for the password grant. */
export const publicClient = "quintet";

/** The client id of tokens that were exchanged for those of another issuer. */
export const externalClient = "outside";
