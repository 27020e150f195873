import Foundation

extension CostPlot {
  /// A point where it is drawn.
  struct Placed {
    let point: Point
    let number: Int
    let colour: String
    /// Pixels from the left and the top of the area.
    let x: Double
    let y: Double
    let numberX: Double
    let numberY: Double
  }

  var placed: [Placed] {
    let numbered = families.enumerated().flatMap { family, entry in
      entry.points.map { (point: $0, colour: Self.colours[family % Self.colours.count]) }
    }.enumerated().map { (number: $0 + 1, point: $1.point, colour: $1.colour) }
    let columns = Dictionary(grouping: numbered, by: \.point.cost).sorted { $0.key < $1.key }
    let halves = columnHalves(columns.map { (across($0.key), $0.value.count) })
    return zip(columns, halves).flatMap { column, half -> [Placed] in
      // The highest point on the right, next to the top of the stack of numbers: lines do not cross.
      let points = column.value.sorted {
        (height($0.point.value), $0.number) < (height($1.point.value), $1.number)
      }
      let centre = across(column.key)
      let step = points.count > 1 ? 2 * half / Double(points.count - 1) : 0
      let heights = Self.stacked(points.map { height($0.point.value) }, within: Self.area.height)
      return points.indices.map { index in
        Placed(
          point: points[index].point,
          number: points[index].number,
          colour: points[index].colour,
          x: points.count > 1 ? centre + half - Double(index) * step : centre,
          y: height(points[index].point.value),
          numberX: centre + half + 16,
          numberY: heights[index]
        )
      }
    }
  }

  /// Half the width of each column of points: as wide as its points side by side, or its share of the room to the next columns.
  private func columnHalves(_ columns: [(x: Double, count: Int)]) -> [Double] {
    // A stack of numbers stands between two columns.
    let stack = 30.0
    func share(_ own: Int, _ other: Int) -> Double {
      let room = max(0, abs(columns[own].x - columns[other].x) - stack)
      return room * Double(columns[own].count) / Double(columns[own].count + columns[other].count)
    }
    return columns.indices.map { index in
      let wanted = Double(columns[index].count - 1) / 2 * Self.marker
      let left = index > 0 ? share(index, index - 1) : .infinity
      let right = index + 1 < columns.count ? share(index, index + 1) : .infinity
      return min(wanted, left, right)
    }
  }

  /// Heights at least a line apart, near those wanted, which ascend.
  package static func stacked(_ wanted: [Double], within height: Double) -> [Double] {
    let line = 15.0
    // Groups of touching lines stand about the mean of what their members want.
    var groups: [(sum: Double, count: Int)] = []
    func top(_ group: (sum: Double, count: Int)) -> Double {
      let extent = line * Double(group.count - 1)
      return min(max(group.sum / Double(group.count) - extent / 2, 8), max(8, height - 8 - extent))
    }
    for place in wanted {
      groups.append((place, 1))
      while groups.count > 1, let last = groups.last,
        top(groups[groups.count - 2]) + line * Double(groups[groups.count - 2].count) > top(last)
      {
        groups.removeLast()
        groups[groups.count - 1].sum += last.sum
        groups[groups.count - 1].count += last.count
      }
    }
    return groups.flatMap { group in (0..<group.count).map { top(group) + line * Double($0) } }
  }
}
