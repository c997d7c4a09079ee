// Builds one plate with JSCAD from the operands that the bench writes, as its users would: cell by cell, then all
// joined, then the cleaning that an STL needs. Prints { ms, triangles, volume } of the booleans alone, without reading and start.
import { readFileSync } from 'node:fs'
import modeling from '@jscad/modeling'

const { booleans, measurements, modifiers, primitives } = modeling
const input = JSON.parse(readFileSync(process.argv[2], 'utf8'))

const solid = (rings) => {
    const n = rings[0][1].length
    const points = rings.flatMap(([z, ring]) => ring.map(([x, y]) => [x, y, z]))
    const faces = [[...Array(n).keys()].reverse()]
    for (let level = 0; level + 1 < rings.length; level++) {
        for (let i = 0; i < n; i++) {
            const [a, b] = [level * n + i, level * n + ((i + 1) % n)]
            faces.push([a, b, b + n], [a, b + n, a + n])
        }
    }
    faces.push([...Array(n).keys()].map((i) => (rings.length - 1) * n + i))
    return primitives.polyhedron({ points, faces, orientation: 'outward' })
}

const read = (steps) => steps.map(({ op, solids }) => ({ op, solids: solids.map(solid) }))
const { parts, keep } = input
const operands = parts.map(read)
const outline = keep.solids.map(solid)
const start = performance.now()
const made = operands.map((steps) => {
    let part
    for (const { op, solids } of steps) {
        if (part === undefined) part = booleans.union(...solids)
        else if (op === 'add') part = booleans.union(part, ...solids)
        else part = booleans.subtract(part, ...solids)
    }
    return part
})
let plate = booleans.intersect(booleans.union(...made), ...outline)
plate = modifiers.generalize({ snap: true, triangulate: true }, plate)
const ms = performance.now() - start
console.log(JSON.stringify({ ms, triangles: plate.polygons.length, volume: measurements.measureVolume(plate) }))
