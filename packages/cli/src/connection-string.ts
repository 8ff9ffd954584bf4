/** What clients of the Durable Task family are configured with. */
export function connectionString(url: string): string {
  // What people know, and what a certificate for this machine is made out to.
  const endpoint = url.replace("//127.0.0.1:", "//localhost:").replace("//[::1]:", "//localhost:");
  return `Endpoint=${endpoint};TaskHub=default;Authentication=None`;
}
