// The library that makes certificates wants decorators' metadata, which it then has no use for; this stands in for a polyfill.
const nothing = () => undefined
Object.assign(Reflect, { getMetadata: nothing, getOwnMetadata: nothing, defineMetadata: nothing })
