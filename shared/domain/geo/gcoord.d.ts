// gcoord's own types describe its ES module; Node loads its CommonJS one, whose exports are the object itself.
declare module 'gcoord' {
  type Crs = 'WGS84' | 'GCJ02' | 'BD09'
  const gcoord: {
    readonly WGS84: 'WGS84'
    readonly GCJ02: 'GCJ02'
    readonly BD09: 'BD09'
    /** Takes and gives [lon, lat]. */
    transform(position: [number, number], from: Crs, to: Crs): [number, number]
  }
  export = gcoord
}
