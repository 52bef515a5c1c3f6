/** What Node 20 lacks and the interpreter of state machines uses: import this before that. */
function withResolvers(): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  made['promise'] = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}

if (!('withResolvers' in Promise)) Object.assign(Promise, { withResolvers })
