import Binade
import Foundation

/// Loss and accuracy against epochs, one above the other.
struct TrainingPlot {
  let files: PlotFiles

  init(_ history: TrainingHistory) {
    let rows = history.epochs.map {
      [
        Double($0.epoch), $0.loss, 100 * $0.trainingAccuracy, $0.accuracy.map { 100 * $0 } ?? .nan,
        $0.learningRate,
      ]
    }
    // One epoch is a point, not a line.
    let style = rows.count > 1 ? "lines" : "points pt 7"
    let body = """
      set multiplot layout 2,1
      set grid lc rgb "#dddddd"
      set border lw 0.8
      set key right top
      set xrange [0.5:\(Double(max(rows.count, 1)) + 0.5)]
      set format x "%g"
      set ylabel "Loss"
      set lmargin 10
      plot "history.tsv" using 1:2 with \(style) lw 2 lc rgb "#0072b2" title "training loss"
      set key right bottom
      set xlabel "Epoch"
      set ylabel "Top-1 (%)"
      plot "history.tsv" using 1:3 with \(style) lw 2 lc rgb "#56b4e9" title "training images, augmented", \\
        "history.tsv" using 1:4 with \(style) lw 2 lc rgb "#d55e00" title "evaluation images"
      unset multiplot
      """
    files = PlotFiles(
      name: "history",
      script: GnuplotText.pictures("history", width: 800, height: 700, body),
      data: GnuplotText.rows(rows) + "\n"
    )
  }
}
