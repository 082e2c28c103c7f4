using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Data.Preparation;

/// <summary>What <see cref="PhotoPreparation"/> made.</summary>
/// <param name="Photos">Different photographs that were used.</param>
/// <param name="Repeats">Files that show a photograph which is there already, perhaps at another size.</param>
/// <param name="Small">Files smaller than the wanted size.</param>
/// <param name="Flat">Squares that were left out because there is next to nothing in them.</param>
/// <param name="Training">Squares for training.</param>
/// <param name="Validation">Squares for validation, of other photographs.</param>
public sealed record PhotoPreparationResult(int Photos, int Repeats, int Small, int Flat, int Training, int Validation);

/// <summary>
/// Makes a training set of small squares from folders of large pictures: each picture is reduced to several sizes and cut
/// into squares, so that the set holds whole scenes as well as details.
/// </summary>
/// <remarks>The same folders always give the same files.</remarks>
public sealed class PhotoPreparation
{
    /// <summary>Folders with training squares below the output folder.</summary>
    public const string TrainingFolder = "train";

    /// <summary>Folder with validation squares below the output folder.</summary>
    public const string ValidationFolder = "validation";

    // Mean difference of neighbouring bytes below which a square counts as empty: sky, blurred background, plain graphics.
    private const double LeastDetail = 3;

    /// <summary>Width and height of the squares, in pixels.</summary>
    public int Size { get; init; } = 256;

    /// <summary>To what multiples of <see cref="Size"/> the short side is reduced; larger than the picture: left out.</summary>
    public IReadOnlyList<int> Scales { get; init; } = [1, 2, 4];

    /// <summary>Every how many photographs one is kept for validation; 0 for none.</summary>
    public int ValidationEvery { get; init; } = 12;

    /// <summary>Prepares a data set.</summary>
    /// <param name="folders">Where pictures lie, with sub-folders.</param>
    /// <param name="output">The folder to create.</param>
    /// <param name="progress">Told after every picture.</param>
    /// <param name="cancellation">Stops; nothing is left behind.</param>
    /// <exception cref="UserInputException">A folder is missing, there are no pictures, or the output exists.</exception>
    public PhotoPreparationResult Run(
        IReadOnlyList<string> folders,
        string output,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(folders);
        PhotoPreparationResult? result = null;
        AtomicDirectory.Create(
            output,
            folder =>
            {
                var collection = new PhotoCollection(Size);
                var files = folders.SelectMany(PhotoCollection.FilesBelow).ToList();
                Visit("look at pictures", files, collection.Look);
                result = new PhotoPreparationResult(0, collection.Repeats, collection.Small, 0, 0, 0);
                if (collection.Photos.Count == 0)
                {
                    throw new UserInputException(
                        $"There is no picture of at least {Size}x{Size} pixels in {string.Join(", ", folders)}."
                    );
                }

                Visit("cut squares", collection.Photos, path => result = Cut(path, folder, result));
            }
        );
        return result!;

        void Visit(string name, IReadOnlyList<string> paths, Action<string> visit)
        {
            for (var i = 0; i < paths.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                visit(paths[i]);
                progress?.Report(new StepProgress(name, i + 1, paths.Count));
            }
        }
    }

    private PhotoPreparationResult Cut(string path, string folder, PhotoPreparationResult soFar)
    {
        var validation = ValidationEvery > 0 && soFar.Photos % ValidationEvery == ValidationEvery - 1;
        var target = Path.Combine(folder, validation ? ValidationFolder : TrainingFolder);
        Directory.CreateDirectory(target);
        var photo = ImageDecoder.DecodeFile(path);
        var (written, flat) = (0, 0);
        foreach (var scale in Scales.Where(s => s * Size <= Math.Min(photo.Width, photo.Height)))
        {
            foreach (var square in Squares(photo, scale))
            {
                if (Detail(square) < LeastDetail)
                {
                    flat++;
                    continue;
                }

                var name = FormattableString.Invariant($"{soFar.Photos:d4}-x{scale}-{written:d3}.png");
                File.WriteAllBytes(Path.Combine(target, name), PngEncoder.Encode(square));
                written++;
            }
        }

        return soFar with
        {
            Photos = soFar.Photos + 1,
            Flat = soFar.Flat + flat,
            Training = soFar.Training + (validation ? 0 : written),
            Validation = soFar.Validation + (validation ? written : 0),
        };
    }

    private IEnumerable<RgbImage> Squares(RgbImage photo, int scale)
    {
        var factor = (double)scale * Size / Math.Min(photo.Width, photo.Height);
        var width = Math.Max(Size, (int)Math.Round(photo.Width * factor));
        var height = Math.Max(Size, (int)Math.Round(photo.Height * factor));
        var reduced = Resampler.Bicubic(photo, width, height);
        foreach (var y in Starts(height))
        {
            foreach (var x in Starts(width))
            {
                yield return reduced.Crop(x, y, Size, Size);
            }
        }
    }

    // As many squares as fit, spread evenly over the side.
    private IEnumerable<int> Starts(int length)
    {
        var count = length / Size;
        return count == 1
            ? [(length - Size) / 2]
            : Enumerable.Range(0, count).Select(i => i * (length - Size) / (count - 1));
    }

    private static double Detail(RgbImage image)
    {
        var sum = 0L;
        for (var y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<byte> row = image.Row(y);
            for (var i = 3; i < row.Length; i++)
            {
                sum += Math.Abs(row[i] - row[i - 3]);
            }
        }

        return (double)sum / (3 * (image.Width - 1) * image.Height);
    }
}
