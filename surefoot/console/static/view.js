// The robot as it moves: its spec's shapes, its joint angles, its IMU. Drawn by three.js, only when there is news.
import * as THREE from "./three-0.183.0/three.module.min.js";

const SLOW_MS = 70, LONGEST_REST_MS = 1500;
const QUALITIES = [Math.min(devicePixelRatio || 1, 2), 0.8, 0.5]; // pixels drawn per pixel shown
const FLOOR_M = 24, SQUARE_M = 0.5;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const material = (color) => new THREE.MeshStandardMaterial({ color, roughness: 0.65, metalness: 0.1 });

export class View {
  #joints = [];
  #around = { turn: -2.2, rise: 0.45, far: 1.7 };
  #target = new THREE.Vector3(0, 0, 0.2);
  #resting = false;
  #quality = 0;
  drawn = 0;

  constructor(canvas, robot) {
    this.canvas = canvas;
    this.#quality = hasProcessorOnly() ? 1 : 0;
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: !this.#quality });
    this.renderer.setPixelRatio(QUALITIES[this.#quality]);
    this.renderer.shadowMap.enabled = !this.#quality;
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(38, 1, 0.05, 60);
    this.camera.up.set(0, 0, 1);
    this.#light();
    this.#floor();
    this.base = new THREE.Group();
    this.scene.add(this.base);
    this.#build(robot);
    this.told = this.#arrow("--told");
    this.does = this.#arrow("--does");
    this.#hands();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
    this.#paint();
    this.base.position.z = robot.height_m;
  }

  // Joint angles, orientation wxyz, place; velocities commanded and measured. Nothing that is no number is drawn.
  show(pose, commanded, measured) {
    if (pose) {
      pose.joints.forEach((angle, index) => Number.isFinite(angle) && this.#joints[index].turn(angle));
      const [w, x, y, z] = pose.orientation;
      if ([w, x, y, z].every(Number.isFinite)) this.base.quaternion.set(x, y, z, w).normalize();
      if (pose.position.every(Number.isFinite)) this.base.position.set(...pose.position);
    }
    this.#point(this.told, commanded, 0.3);
    this.#point(this.does, measured, 0.26);
    this.#target.lerp(new THREE.Vector3(this.base.position.x, this.base.position.y, 0.2), 0.25);
    const { x, y } = this.base.position;
    for (const plane of [this.floor, this.shade]) {
      plane.position.x = SQUARE_M * Math.round(x / SQUARE_M);
      plane.position.y = SQUARE_M * Math.round(y / SQUARE_M);
    }
    this.sun.position.copy(this.#target).add(new THREE.Vector3(1.2, 0.8, 3));
    this.sun.target.position.copy(this.#target);
    if (!this.#resting) this.draw();
  }

  // Where no GPU draws, pictures may take no more than a quarter of the time: STOP and the dead-man are heard first.
  #rest(began) {
    this.#resting = true;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const took = performance.now() - began;
      if (took > SLOW_MS && this.drawn > 1 && this.#quality < QUALITIES.length - 1) this.#worse();
      setTimeout(() => { this.#resting = false; }, took > SLOW_MS ? Math.min(3 * took, LONGEST_REST_MS) : 0);
    }));
  }

  #worse() {
    this.#quality += 1;
    this.renderer.setPixelRatio(QUALITIES[this.#quality]);
    this.sun.castShadow = false;
  }

  draw() {
    const began = performance.now();
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width || !height) return;
    const size = this.renderer.getSize(new THREE.Vector2());
    if (size.x !== width || size.y !== height) {
      this.renderer.setSize(width, height, false);
      this.camera.aspect = width / height;
      this.camera.updateProjectionMatrix();
    }
    const { turn, rise, far } = this.#around;
    const flat = far * Math.cos(rise) * Math.max(1, 0.9 / this.camera.aspect);
    this.camera.position.copy(this.#target).add(new THREE.Vector3(flat * Math.cos(turn), flat * Math.sin(turn), far * Math.sin(rise)));
    this.camera.lookAt(this.#target);
    this.renderer.render(this.scene, this.camera);
    this.drawn += 1;
    this.#rest(began);
  }

  #light() {
    this.scene.add(new THREE.HemisphereLight(0xffffff, 0x8894a0, 1.7));
    this.sun = new THREE.DirectionalLight(0xffffff, 1.9);
    this.sun.castShadow = !this.#quality;
    this.sun.shadow.mapSize.set(512, 512);
    Object.assign(this.sun.shadow.camera, { left: -1, right: 1, top: 1, bottom: -1, near: 0.5, far: 8 });
    this.scene.add(this.sun, this.sun.target);
  }

  // A texture, since thin lines vanish far away; it is laid anew with every square that the robot goes.
  #floor() {
    this.squares = new THREE.CanvasTexture(document.createElement("canvas"));
    this.squares.wrapS = this.squares.wrapT = THREE.RepeatWrapping;
    this.squares.repeat.set(FLOOR_M / SQUARE_M, FLOOR_M / SQUARE_M);
    this.squares.anisotropy = 8;
    this.squares.colorSpace = THREE.SRGBColorSpace;
    const plane = new THREE.PlaneGeometry(FLOOR_M, FLOOR_M);
    this.floor = new THREE.Mesh(plane, new THREE.MeshBasicMaterial({ map: this.squares }));
    this.floor.position.z = -0.002;
    this.shade = new THREE.Mesh(plane, new THREE.ShadowMaterial({ opacity: 0.25 }));
    this.shade.receiveShadow = true;
    this.scene.add(this.floor, this.shade);
  }

  #paint() {
    const back = new THREE.Color(css("--ground"));
    this.scene.background = back;
    this.scene.fog = new THREE.Fog(back, 2.5, 9);
    const canvas = this.squares.image, pen = canvas.getContext("2d");
    canvas.width = canvas.height = 128;
    pen.fillStyle = css("--ground");
    pen.fillRect(0, 0, 128, 128);
    pen.strokeStyle = css("--grid");
    pen.lineWidth = 3;
    pen.strokeRect(0, 0, 128, 128);
    this.squares.needsUpdate = true;
    this.told.setColor(css("--told"));
    this.does.setColor(css("--does"));
  }

  #arrow(color) {
    const arrow = new THREE.ArrowHelper(new THREE.Vector3(1, 0, 0), new THREE.Vector3(), 1, css(color), 0.08, 0.05);
    this.scene.add(arrow);
    return arrow;
  }

  // Over the robot, along its heading; a metre a second is a metre long.
  #point(arrow, velocity, height) {
    const [ahead, left] = velocity ?? [0, 0];
    const speed = Math.hypot(ahead, left);
    arrow.visible = Number.isFinite(speed) && speed > 0.03;
    if (!arrow.visible) return;
    const nose = new THREE.Vector3(1, 0, 0).applyQuaternion(this.base.quaternion);
    const heading = Math.atan2(nose.y, nose.x) + Math.atan2(left, ahead);
    arrow.setDirection(new THREE.Vector3(Math.cos(heading), Math.sin(heading), 0));
    arrow.setLength(Math.max(0.12, speed), 0.08, 0.05);
    arrow.position.copy(this.base.position).add(new THREE.Vector3(0, 0, height));
  }

  #build(robot) {
    const dark = material(0x8794a6), mid = material(0x64748a), accent = material(0xe0772c), foot = material(0x39424e);
    robot.trunk.forEach((shape) => this.base.add(solid(shape, shape.kind === "box" ? dark : accent)));
    const nose = robot.trunk[0];
    if (nose?.kind === "box") { // which end is the front
      const [x, y, z] = nose.at, [a, b, c] = nose.half;
      this.base.add(solid({ kind: "box", at: [x + a, y, z + 0.35 * c], half: [0.006, 0.7 * b, 0.25 * c] }, accent));
    }
    for (const leg of robot.legs) {
      let parent = this.base;
      leg.links.forEach((link, index) => {
        const joint = new THREE.Group();
        joint.position.set(...link.at);
        const axis = new THREE.Vector3(...link.axis);
        this.#joints.push({ turn: (angle) => joint.quaternion.setFromAxisAngle(axis, angle) });
        link.shapes.forEach((shape) => joint.add(solid(shape, [dark, mid, mid][index])));
        const next = leg.links[index + 1]?.at ?? leg.foot.slice(0, 3);
        if (!link.shapes.length) joint.add(solid({ kind: "capsule", from: [0, 0, 0], to: next, radius: 0.018 }, mid));
        parent.add(joint);
        parent = joint;
      });
      const [x, y, z, radius] = leg.foot;
      const ball = new THREE.Mesh(new THREE.SphereGeometry(radius, 20, 14), foot);
      ball.position.set(x, y, z);
      ball.castShadow = true;
      parent.add(ball);
    }
  }

  #hands() {
    const fingers = new Map();
    const spread = () => { const [a, b] = [...fingers.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
    const near = (factor) => { this.#around.far = Math.max(0.6, Math.min(6, this.#around.far * factor)); };
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    this.canvas.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const apart = fingers.size === 2 ? spread() : 0;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (fingers.size === 2) return near(apart / Math.max(1, spread()));
      this.#around.turn -= 0.008 * (event.clientX - before.x);
      this.#around.rise = Math.max(0.05, Math.min(1.5, this.#around.rise + 0.008 * (event.clientY - before.y)));
    });
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
    this.canvas.addEventListener("wheel", (event) => { event.preventDefault(); near(Math.exp(0.001 * event.deltaY)); }, { passive: false });
  }
}

// Whether pictures are made without a GPU, as in virtual machines.
function hasProcessorOnly() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  const found = names ? String(gl.getParameter(names.UNMASKED_RENDERER_WEBGL)) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software/i.test(found);
}

function solid(shape, look) {
  const mesh = shape.kind === "box" ? box(shape) : capsule(shape);
  mesh.material = look;
  mesh.castShadow = true;
  return mesh;
}

function box(shape) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(...shape.half.map((half) => 2 * half)));
  mesh.position.set(...shape.at);
  return mesh;
}

// three's capsules lie along y.
function capsule(shape) {
  const from = new THREE.Vector3(...shape.from), to = new THREE.Vector3(...shape.to), along = to.clone().sub(from);
  const mesh = new THREE.Mesh(new THREE.CapsuleGeometry(shape.radius, along.length(), 6, 18));
  mesh.position.copy(from).addScaledVector(along, 0.5);
  mesh.quaternion.setFromUnitVectors(new THREE.Vector3(0, 1, 0), along.normalize());
  return mesh;
}
