/** How long an access token lives, in seconds. */
export const accessTokenSeconds = 15 * 60;

/** The audience of every access token: all apps of an installation (RFC 9068 section 3). */
export const audience = "quintet";

/** The public client of the password grant. */
export const publicClient = "quintet";

/** The client of tokens that stand for another issuer's. */
export const externalClient = "outside";
