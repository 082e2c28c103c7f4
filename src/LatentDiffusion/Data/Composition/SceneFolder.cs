using System.Globalization;
using System.Text.Json;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.Preparation;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Data.Composition;

/// <summary>What was written.</summary>
/// <param name="Scenes">How many scenes.</param>
/// <param name="Objects">How many objects in all.</param>
/// <param name="Occluded">How many of them are partly hidden.</param>
/// <param name="Classes">The classes in the order of their ids.</param>
/// <param name="Cutouts">Cut-outs that were there to choose from, by class in the same order.</param>
public sealed record SceneFolderResult(
    int Scenes,
    int Objects,
    int Occluded,
    IReadOnlyList<string> Classes,
    IReadOnlyList<int> Cutouts
);

/// <summary>
/// Writes composed scenes as a data set: <c>images/</c> with captions in <c>metadata.jsonl</c>, <c>maps/</c>,
/// <c>layouts/</c>, the same boxes in COCO's format (<c>annotations.json</c>) and the names of the maps' classes
/// (<c>labels.txt</c>).
/// </summary>
public sealed class SceneFolder
{
    /// <summary>Name of map class 0.</summary>
    public const string Background = "background";

    // Grounds are reduced so that their short side is this many scenes long: crops then show whole sceneries or details.
    private const int GroundScenes = 4;

    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Size of the scenes, number and sizes of the objects.</summary>
    public SceneSettings Settings { get; init; } = new();

    private int Size => Settings.Size;

    /// <summary>Composes and writes scenes.</summary>
    /// <param name="cutouts">Folders and parquet files of cut-outs; see <see cref="CutoutCollection"/>.</param>
    /// <param name="photos">Folders of photographs.</param>
    /// <param name="output">The folder to create.</param>
    /// <param name="count">Number of scenes.</param>
    /// <param name="seed">Seed of everything.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops; nothing is left behind.</param>
    /// <exception cref="UserInputException">Material is missing, the settings make no scene, or the output exists.</exception>
    public SceneFolderResult Write(
        IReadOnlyList<string> cutouts,
        IReadOnlyList<string> photos,
        string output,
        int count,
        long seed,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(cutouts);
        ArgumentNullException.ThrowIfNull(photos);
        Settings.Validate();
        SceneFolderResult? result = null;
        AtomicDirectory.Create(
            output,
            folder =>
            {
                var material = CutoutCollection.Read(cutouts, (done, total) => Report("read cut-outs", done, total));
                var composer = new SceneComposer(material, ReadPhotos(photos, Report), Settings);
                result = WriteScenes(composer, folder, count, seed, Report) with
                {
                    Cutouts = [.. composer.Classes.Select(name => material.Count(c => c.Class == name))],
                };
            }
        );
        return result!;

        void Report(string task, int done, int total)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new StepProgress(task, done, total));
        }
    }

    private List<RgbImage> ReadPhotos(IReadOnlyList<string> folders, Action<string, int, int> report)
    {
        var files = folders.SelectMany(PhotoCollection.FilesBelow).ToArray();
        var photos = new List<RgbImage>();
        for (var i = 0; i < files.Length; i++)
        {
            if (ReadPhoto(files[i]) is { } photo)
            {
                photos.Add(photo);
            }

            report("read photographs", i + 1, files.Length);
        }

        return photos.Count > 0
            ? photos
            : throw new UserInputException(
                $"There is no photograph of at least {Size}x{Size} pixels in {string.Join(", ", folders)}."
            );
    }

    private RgbImage? ReadPhoto(string path)
    {
        try
        {
            var photo = ImageDecoder.DecodeFile(path);
            var shortSide = Math.Min(photo.Width, photo.Height);
            if (shortSide < Size)
            {
                return null;
            }

            var scale = Math.Min(1, GroundScenes * (double)Size / shortSide);
            return Resampler.Bicubic(
                photo,
                Math.Max(Size, (int)Math.Round(photo.Width * scale)),
                Math.Max(Size, (int)Math.Round(photo.Height * scale))
            );
        }
        catch (ImageFormatException)
        {
            // Folders of pictures have other things in them.
            return null;
        }
    }

    private static SceneFolderResult WriteScenes(
        SceneComposer composer,
        string folder,
        int count,
        long seed,
        Action<string, int, int> report
    )
    {
        string Sub(string name) => Directory.CreateDirectory(Path.Combine(folder, name)).FullName;

        var (images, maps, layouts) = (Sub("images"), Sub("maps"), Sub("layouts"));
        var labels = new LabelSet([Background, .. composer.Classes]);
        File.WriteAllLines(Path.Combine(folder, LabelSet.FileName), labels.Names);
        var coco = new CocoWriter(composer.Classes);
        var (objects, occluded) = (0, 0);
        using (var captions = new StreamWriter(Path.Combine(images, FolderMetadata.FileName)))
        {
            for (var i = 0; i < count; i++)
            {
                var scene = composer.Compose(seed, i);
                var name = i.ToString("d6", CultureInfo.InvariantCulture);
                File.WriteAllBytes(Path.Combine(images, name + ".png"), PngEncoder.Encode(scene.Image));
                File.WriteAllBytes(Path.Combine(maps, name + ".png"), labels.WriteMap(scene.Map));
                File.WriteAllText(Path.Combine(layouts, name + ".json"), LayoutFile.Write(scene.Layout));
                captions.Write(JsonSerializer.Serialize(new { file_name = name + ".png", text = scene.Caption }, Json));
                captions.Write('\n');
                coco.Add(name + ".png", scene.Layout);
                objects += scene.Layout.Objects.Count;
                occluded += scene.Layout.Objects.Count(o => o.Traits.HasFlag(ObjectTraits.Occluded));
                report("compose scenes", i + 1, count);
            }
        }

        File.WriteAllText(Path.Combine(folder, "annotations.json"), coco.ToJson());
        return new SceneFolderResult(count, objects, occluded, composer.Classes, []);
    }
}
