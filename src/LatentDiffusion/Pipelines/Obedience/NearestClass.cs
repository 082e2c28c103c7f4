using System.Runtime.InteropServices;
using LatentDiffusion.Errors;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>Tells what images show by the nearest image whose class is known.</summary>
internal static class NearestClass
{
    /// <summary>How often the nearest known image is of the class that an image should be of.</summary>
    /// <param name="distances">From every image (rows) to every known image (columns).</param>
    /// <param name="wanted">What each image should be of.</param>
    /// <param name="known">What each known image is of.</param>
    /// <param name="mayCompare">Whether an image may be told by a known one: not by itself, say.</param>
    public static ObedienceRate Rate(
        double[,] distances,
        IReadOnlyList<string> wanted,
        IReadOnlyList<string> known,
        Func<int, int, bool> mayCompare
    )
    {
        var right = Enumerable
            .Range(0, wanted.Count)
            .Count(i =>
                known[Enumerable.Range(0, known.Count).Where(j => mayCompare(i, j)).MinBy(j => distances[i, j])]
                == wanted[i]
            );
        var shares = known.CountBy(c => c).ToDictionary(c => c.Key, c => (double)c.Value / known.Count);
        return new ObedienceRate(right, wanted.Count, wanted.Average(c => shares.GetValueOrDefault(c)));
    }

    /// <summary>Euclidean distances between feature vectors.</summary>
    /// <exception cref="UserInputException">There are more images than vectors are kept of.</exception>
    public static double[,] Distances(ImageFeatures from, ImageFeatures to)
    {
        if (from.KeptCount < from.Count || to.KeptCount < to.Count)
        {
            throw new UserInputException(
                $"{Math.Max(from.Count, to.Count)} images are too many to compare each with each: use at most "
                    + $"{ImageFeatures.MostKept}."
            );
        }

        using var scope = NewDisposeScope();
        var values = cdist(from.ToTensor(), to.ToTensor()).to(float64).data<double>().ToArray();
        var distances = new double[from.Count, to.Count];
        // Its bytes may be more than an int counts.
        values.CopyTo(MemoryMarshal.CreateSpan(ref distances[0, 0], values.Length));
        return distances;
    }
}
