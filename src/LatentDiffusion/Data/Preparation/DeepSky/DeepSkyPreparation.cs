using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Data.Preparation.DeepSky;

/// <summary>What <see cref="DeepSkyPreparation"/> made.</summary>
/// <param name="Classes">Pictures of each class, for training and validation together.</param>
/// <param name="Training">Pictures for training.</param>
/// <param name="Validation">Pictures for validation.</param>
/// <param name="Unknown">Pictures left out because the catalogue does not tell what they show.</param>
/// <param name="OtherKinds">Pictures left out because they show something else, such as dark nebulae.</param>
/// <param name="Small">Pictures left out because they are smaller than the wanted size.</param>
public sealed record DeepSkyPreparationResult(
    IReadOnlyDictionary<string, int> Classes,
    int Training,
    int Validation,
    int Unknown,
    int OtherKinds,
    int Small
);

/// <summary>
/// Makes a training set of the photographs of galaxies, clusters and nebulae that Stellarium comes with (Debian's package
/// stellarium-data): whole pictures reduced to one size, in a sub-folder for each class.
/// </summary>
/// <remarks>The same pictures always give the same files.</remarks>
public sealed class DeepSkyPreparation
{
    /// <summary>The file that tells whose the pictures are.</summary>
    public const string NoticeFile = "NOTICE.md";

    // One picture in so many is kept for validation.
    private const uint ValidationShare = 10;

    /// <summary>Width and height of the pictures made, in pixels.</summary>
    public int Size { get; init; } = 64;

    /// <summary>The licences of the package, which are copied beside the pictures; nothing happens if it is absent.</summary>
    public string CopyrightFile { get; init; } = "/usr/share/doc/stellarium-data/copyright";

    /// <summary>Prepares a data set.</summary>
    /// <param name="stellarium">Stellarium's data: the folder with <c>nebulae/default</c> in it.</param>
    /// <param name="output">The folder to create.</param>
    /// <param name="progress">Told after every picture.</param>
    /// <param name="cancellation">Stops; nothing is left behind.</param>
    /// <exception cref="UserInputException">Stellarium's data are missing or damaged, or the output exists.</exception>
    public DeepSkyPreparationResult Run(
        string stellarium,
        string output,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        var source = Path.Combine(stellarium, "nebulae", "default");
        var (catalogFile, pictureList) = (FileIn(source, "catalog.dat"), FileIn(source, "textures.json"));
        DeepSkyPreparationResult? result = null;
        AtomicDirectory.Create(
            output,
            folder =>
            {
                var pictures = DeepSkyPicture.ReadAll(pictureList);
                var classifier = new DeepSkyClassifier(DeepSkyCatalog.Read(catalogFile));
                var counts = DeepSkyClassifier.Classes.ToDictionary(name => name, _ => 0);
                result = new DeepSkyPreparationResult(counts, 0, 0, 0, 0, 0);
                List<DeepSkyPicture> used = [];
                for (var i = 0; i < pictures.Count; i++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var (kind, after) = Prepare(classifier.Find(pictures[i]), pictures[i], source, folder, result);
                    result = after;
                    if (kind is not null)
                    {
                        counts[kind]++;
                        used.Add(pictures[i]);
                    }

                    progress?.Report(new StepProgress("reduce pictures", i + 1, pictures.Count));
                }

                if (used.Count == 0)
                {
                    throw new UserInputException(
                        $"None of the {pictures.Count} pictures of \"{source}\" has a known class and {Size}x{Size} pixels. "
                            + "Choose a smaller size, or install the package stellarium-data again."
                    );
                }

                DeepSkyNotice.Write(Path.Combine(folder, NoticeFile), used, CopyrightFile);
            }
        );
        return result!;
    }

    private static string FileIn(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path)
            ? path
            : throw new UserInputException(
                $"Stellarium's file \"{path}\" does not exist. Install the package stellarium-data and give its folder, "
                    + "/usr/share/stellarium."
            );
    }

    private (string? Class, DeepSkyPreparationResult Result) Prepare(
        DeepSkyObject? found,
        DeepSkyPicture picture,
        string source,
        string output,
        DeepSkyPreparationResult soFar
    )
    {
        if (found is null)
        {
            return (null, soFar with { Unknown = soFar.Unknown + 1 });
        }

        if (DeepSkyClassifier.ClassOf(found.Type) is not { } kind)
        {
            return (null, soFar with { OtherKinds = soFar.OtherKinds + 1 });
        }

        var image = ImageDecoder.DecodeFile(Path.Combine(source, picture.File), Rgb.Black);
        if (Math.Min(image.Width, image.Height) < Size)
        {
            return (null, soFar with { Small = soFar.Small + 1 });
        }

        var validation = IsForValidation(picture.File);
        var folder = Path.Combine(
            output,
            validation ? PhotoPreparation.ValidationFolder : PhotoPreparation.TrainingFolder,
            kind
        );
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(
            Path.Combine(folder, Path.ChangeExtension(picture.File, ".png")),
            PngEncoder.Encode(Resampler.Bicubic(image, Size, Size))
        );
        return (
            kind,
            validation ? soFar with { Validation = soFar.Validation + 1 } : soFar with { Training = soFar.Training + 1 }
        );
    }

    // By the name, so that a picture stays where it is when others come or go.
    private static bool IsForValidation(string file) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(file))) % ValidationShare == 0;
}
