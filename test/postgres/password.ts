/** The password of the tests' own servers. */
export const PASSWORD = "Kelp-holds-4711";
