using System.Text.Json;

namespace LatentDiffusion.Data.Layouts;

/// <summary>Collects layouts and writes them in COCO's format; category ids count from 1.</summary>
/// <param name="labels">Class names in the order of their ids.</param>
internal sealed class CocoWriter(IReadOnlyList<string> labels)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly List<object> _images = [];
    private readonly List<object> _annotations = [];
    private readonly Dictionary<string, int> _ids = labels
        .Index()
        .ToDictionary(l => l.Item, l => l.Index + 1, StringComparer.Ordinal);

    /// <summary>Adds an image.</summary>
    /// <param name="file">Its file name.</param>
    /// <param name="layout">Its objects; the size must be known.</param>
    public void Add(string file, Layout layout)
    {
        var (width, height) = (layout.Width!.Value, layout.Height!.Value);
        var image = _images.Count + 1;
        _images.Add(
            new
            {
                id = image,
                file_name = file,
                width,
                height,
            }
        );
        foreach (var item in layout.Objects)
        {
            double[] box = [item.Box.X * width, item.Box.Y * height, item.Box.Width * width, item.Box.Height * height];
            _annotations.Add(
                new
                {
                    id = _annotations.Count + 1,
                    image_id = image,
                    category_id = _ids[item.Label],
                    bbox = Array.ConvertAll(box, b => Math.Round(b, 4)),
                    area = Math.Round(box[2] * box[3], 4),
                    iscrowd = item.Traits.HasFlag(ObjectTraits.Group) ? 1 : 0,
                }
            );
        }
    }

    public string ToJson() =>
        JsonSerializer.Serialize(
            new
            {
                images = _images,
                annotations = _annotations,
                categories = labels.Select((name, i) => new { id = i + 1, name }),
            },
            Options
        );
}
