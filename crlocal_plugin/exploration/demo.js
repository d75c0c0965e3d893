// values on a grid of two parameters, interpolated; the third multiplies a dipole
export default ({sliders, background, paper, ends, sizes, spectra, vectors, pixels, sources, mapper,
                 spans, energies}) => {
  const [n_first, n_second, n_curves, n_parts, n] = sizes
  const weights = [sliders[0], sliders[1]].map((slider, k) => {
    const last = sizes[k] - 1
    const at = (slider.value - ends[k][0]) / (ends[k][1] - ends[k][0]) * last
    const low = Math.min(Math.max(Math.floor(at), 0), last - 1)
    return [low, at - low]
  })
  const [[i, u], [j, v]] = weights
  const corners = [[i, j, (1 - u) * (1 - v)], [i + 1, j, u * (1 - v)],
                   [i, j + 1, (1 - u) * v], [i + 1, j + 1, u * v]]
  const mean = (table, rows, at) => {
    const result = new Float64Array(rows * n)
    for (const [a, b, weight] of corners) {
      const start = (a * n_second + b) * rows * n
      for (let k = 0; k < result.length; k++) result[k] += weight * table[start + k]
    }
    return result
  }
  const logs = mean(spectra.data.log, n_curves)
  const curves = {...sources.spectra.data}
  for (let k = 0; k < n_curves; k++) {
    curves["y" + k] = logs.subarray(k * n, (k + 1) * n).map((log) => log < -20 ? NaN : 10 ** log)
  }
  sources.spectra.data = curves
  // x, y and z of each part; the first is the sum
  const xyz = mean(vectors.data.xyz, 3 * n_parts)
  if (background > 0) {
    const factor = sliders[2].value / paper[2]
    for (let k = 0; k < 3 * n; k++) {
      const own = background * 3 * n + k
      xyz[k] += (factor - 1) * xyz[own]
      xyz[own] *= factor
    }
  }
  const dipole = {x: sources.dipole.data.x}
  const part = (p, axis) => xyz.subarray((3 * p + axis) * n, (3 * p + axis + 1) * n)
  for (let p = 0; p < n_parts; p++) {
    const y = part(p, 1)
    dipole["a" + p] = part(p, 0).map((x, k) => Math.hypot(x, y[k]) || NaN)
  }
  const sum = [part(0, 0), part(0, 1), part(0, 2)]
  let before = NaN
  let phase = sum[0].map((x, k) => {
    let angle = Math.atan2(sum[1][k], x) * 180 / Math.PI
    if (!Number.isNaN(before)) angle += 360 * Math.round((before - angle) / 360)
    before = angle
    return angle
  })
  const turn = 360 * Math.floor(phase.reduce((a, b) => a + b, 0) / n / 360)
  for (let k = 0; k < 3; k++) dipole["p" + k] = phase.map((p) => p - turn + 360 * (k - 1))
  sources.dipole.data = dipole
  // the map
  const place = (x, y, z) => {
    const longitude = Math.atan2(-y, -x), latitude = Math.atan2(z, Math.hypot(x, y))
    const scale = Math.sqrt(1 + Math.cos(latitude) * Math.cos(longitude / 2))
    return [-2 * Math.SQRT2 * Math.cos(latitude) * Math.sin(longitude / 2) / scale,
            Math.SQRT2 * Math.sin(latitude) / scale]
  }
  const track = {x: [], y: []}
  for (let k = 0; k < n; k++) {
    const [x, y] = place(sum[0][k], sum[1][k], sum[2][k])
    if (k > 0 && Math.abs(x - track.x[track.x.length - 1]) > 2) {
      track.x.push(NaN)
      track.y.push(NaN)
    }
    track.x.push(x)
    track.y.push(y)
  }
  sources.track.data = track
  const energy = 10 ** sliders[3].value
  let k = 0
  while (k < n - 2 && energies[k + 1] < energy) k++
  const w = Math.log(energy / energies[k]) / Math.log(energies[k + 1] / energies[k])
  const d = sum.map((row) => (1 - w) * row[k] + w * row[k + 1])
  sources.here.data = {x: [place(...d)[0]], y: [place(...d)[1]]}
  const top = 1e3 * Math.hypot(...d) || 1
  mapper.setv({low: -top, high: top})
  const image = sources.image.data.image[0], p = pixels.data.xyz
  for (let m = 0; m < image.length; m++) {
    image[m] = 1e3 * (p[3 * m] * d[0] + p[3 * m + 1] * d[1] + p[3 * m + 2] * d[2])
  }
  sources.image.change.emit()
  for (const span of spans) span.location = energy
}
