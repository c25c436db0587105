/** The environment of a function under test; set before its handler is loaded, so that its logger keeps silent. */
export const setEnvironment = (env: Readonly<Record<string, string>>): void => {
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', ...env })
}
